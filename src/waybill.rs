//! What a shop tool may ask to be printed, parsed into a type that cannot be wrong.
