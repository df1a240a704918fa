//! What a call must cost: the journal's tokens times a model's price, worked out without the product's own code.
//!
//! Integers only: pico-dollars per token, nano-dollars per attempt, rounded up once.

use crate::fake_upstream::Tokens;

/// One model of the test instance, as its bundle describes it and as the arithmetic needs it.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    pub name: &'static str,
    pub upstream: &'static str,
    /// USD per million tokens, as people write prices.
    pub input: &'static str,
    pub cache_read: &'static str,
    pub output: &'static str,
    /// The same three in pico-dollars per token.
    pub pico: [i128; 3],
}

pub const A: Model = Model {
    name: "a",
    upstream: "fake-a",
    input: "2.50",
    cache_read: "1.25",
    output: "10.00",
    pico: [2_500_000, 1_250_000, 10_000_000],
};
/// Its prices leave fractions of a nano-dollar, so rounding shows.
pub const B: Model = Model {
    name: "b",
    upstream: "fake-b",
    input: "0.0375",
    cache_read: "0.0101",
    output: "0.1501",
    pico: [37_500, 10_100, 150_100],
};
pub const MODELS: [Model; 2] = [A, B];

impl Model {
    /// Nano-dollars for `tokens`; reasoning is priced as output, cached input at its own rate.
    pub fn cost_nano(&self, tokens: &Tokens) -> i64 {
        let [input, cache_read, output] = self.pico;
        let fresh = i128::from(tokens.prompt - tokens.cached);
        let pico = fresh * input + i128::from(tokens.cached) * cache_read + i128::from(tokens.completion) * output;
        i64::try_from((pico + 999) / 1000).unwrap_or(i64::MAX)
    }
}

/// Dollars with all nine decimals, as `x-tallygate-cost` prints them.
pub fn dollars(nano: i64) -> String {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_rounded_up_once() {
        let tokens = Tokens { prompt: 11, cached: 3, completion: 7, reasoning: 2 };
        assert_eq!(A.cost_nano(&tokens), 93_750);
        // 8 x 37,500 + 3 x 10,100 + 7 x 150,100 = 1,381,000 pico-dollars, exactly 1,381 nano-dollars.
        assert_eq!(B.cost_nano(&tokens), 1_381);
        assert_eq!(B.cost_nano(&Tokens { completion: 1, ..Tokens::default() }), 151);
        assert_eq!(dollars(1_000_000_412), "1.000000412");
    }
}
