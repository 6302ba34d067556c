"""Layers of an overlay: whether a directory's content lies on a lower one, asked without touching it."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_AT_FDCWD: Final = -100
_AT_HANDLE_FID: Final = 0x200  # a handle that nobody wants to open (Linux 6.5)
_ROOM: Final = 128  # MAX_HANDLE_SZ
_OVERLAY: Final = 0xF8  # OVL_FILEID_V1, fs/overlayfs/overlayfs.h
_FLAGS: Final = 6  # after three bytes of padding: version, magic, length
_UPPER: Final = 1 << 2  # OVL_FH_FLAG_PATH_UPPER


class _Handle(ctypes.Structure):
    """`struct file_handle` of name_to_handle_at(2)."""

    _fields_ = (("size", ctypes.c_uint), ("type", ctypes.c_int), ("content", ctypes.c_ubyte * _ROOM))


def on_lower_layer(path: str) -> bool | None:
    """Whether a directory of an overlay comes from a lower layer, also where an upper one adds to it.

    stat(2) does not tell. The handle that an overlay gives for a file says which layer's file it stands for: the upper
    one's only where there is no lower one (ovl_check_encode_origin, Linux 6.6).

    Returns:
        None: it lies on no overlay, or this kernel does not say.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "name_to_handle_at"):
        return None
    handle, mount = _Handle(size=_ROOM), ctypes.c_int()
    answer = libc.name_to_handle_at(
        _AT_FDCWD, os.fsencode(path), ctypes.byref(handle), ctypes.byref(mount), _AT_HANDLE_FID
    )
    if answer < 0 or handle.type != _OVERLAY or handle.size <= _FLAGS:
        return None
    return not handle.content[_FLAGS] & _UPPER
