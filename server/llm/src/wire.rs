//! Wire formats: serde types and rules as they are on the wire, shared by the dialect and the provider that speak them.

pub mod openai;
