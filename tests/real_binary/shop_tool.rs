//! What a shop tool does beside submitting: changing orders, being told of events, and the example clients. The real
//! daemon, socket, ledger and TCP, and virtual printers.

mod daemon;
mod day;

mod examples;
mod orders;
mod webhooks;
