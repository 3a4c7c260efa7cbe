//! The Admin API's version and the part of its schema that weir uses.
