//! What operators do on the web, on a store that a real pipeline filled, over real HTTP.
#![cfg(test)]

mod deeds;
mod refusals;
mod scene;
