//! What an ESC/POS printer says: reply bytes in, [`Reply`]s out.
