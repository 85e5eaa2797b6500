//! What a TSPL printer says: reply bytes in, [`Reply`]s out.
