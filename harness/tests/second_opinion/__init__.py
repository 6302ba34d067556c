"""The second opinion: a judge that shares nothing with the contracts, random cases, and a comparison of the two."""
