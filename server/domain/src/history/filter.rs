//! Filters of a history as the address spells them. One more field: a variant of [`Field`] with its name, and its condition in
//! the store's question.

use serde::{Deserialize, Serialize};

/// A field that requests can be filtered by, as the address names it (`product.md` HI-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Public model name.
    Model,
    Provider,
    /// `running`, or an outcome.
    Status,
    /// Id of a key.
    Key,
    /// Id of a person.
    Person,
    /// `api`, `playground`, `run` or `probe`.
    Origin,
    /// A task class; `none` for calls without one.
    Task,
    /// `key=value`.
    Tag,
    Dialect,
    /// `uncertain`, `unpriced`, `overrun` or `estimated` (HI-10).
    Flag,
    /// `accepted`, `edited`, `rejected`, or `none`.
    Verdict,
    /// Nano-dollars.
    Cost,
    /// Milliseconds to the end.
    Latency,
    /// All tokens.
    Tokens,
}

impl Field {
    pub const ALL: [Self; 14] = [
        Self::Status,
        Self::Model,
        Self::Provider,
        Self::Key,
        Self::Person,
        Self::Task,
        Self::Origin,
        Self::Verdict,
        Self::Flag,
        Self::Dialect,
        Self::Tag,
        Self::Cost,
        Self::Latency,
        Self::Tokens,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Status => "status",
            Self::Key => "key",
            Self::Person => "person",
            Self::Origin => "origin",
            Self::Task => "task",
            Self::Tag => "tag",
            Self::Dialect => "dialect",
            Self::Flag => "flag",
            Self::Verdict => "verdict",
            Self::Cost => "cost",
            Self::Latency => "latency",
            Self::Tokens => "tokens",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Compared by size rather than by name?
    pub fn is_number(self) -> bool {
        matches!(self, Self::Cost | Self::Latency | Self::Tokens)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Any of the values.
    In,
    /// None of the values.
    Not,
    /// At least.
    Gte,
    /// Less than.
    Lt,
}

impl Op {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Not => "not",
            Self::Gte => "gte",
            Self::Lt => "lt",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::In, Self::Not, Self::Gte, Self::Lt].into_iter().find(|it| it.as_str() == text)
    }
}

/// One filter, `field:op:value,value` in the address (`ui.md` 9). In a value, `%`, `,` and `:` are written `%25`, `%2C`, `%3A`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    pub field: Field,
    pub op: Op,
    pub values: Vec<String>,
}

impl Filter {
    /// `None`: no such field, no such comparison for it, or no value.
    pub fn parse(text: &str) -> Option<Self> {
        let (field, rest) = text.split_once(':')?;
        let (op, values) = rest.split_once(':')?;
        let (field, op) = (Field::parse(field)?, Op::parse(op)?);
        let values: Vec<String> = values.split(',').filter(|it| !it.is_empty()).map(unescaped).collect();
        let is_size = matches!(op, Op::Gte | Op::Lt);
        let is_good = match is_size {
            true => field.is_number() && values.len() == 1 && values[0].parse::<i64>().is_ok_and(|it| it >= 0),
            false => !field.is_number() && (1..=MAX_FILTER_VALUES).contains(&values.len()),
        };
        is_good.then_some(Self { field, op, values })
    }

    pub fn text(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| escaped(value)).collect();
        format!("{}:{}:{}", self.field.as_str(), self.op.as_str(), values.join(","))
    }
}

/// Most values of one filter.
pub const MAX_FILTER_VALUES: usize = 50;

fn escaped(value: &str) -> String {
    value.replace('%', "%25").replace(',', "%2C").replace(':', "%3A")
}

fn unescaped(text: &str) -> String {
    text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hi_2_a_filter_reads_back_what_it_writes() {
        let values = vec!["a,b:c%2C".to_owned(), "é".to_owned()];
        for op in [Op::In, Op::Not] {
            let filter = Filter { field: Field::Model, op, values: values.clone() };
            assert_eq!(Filter::parse(&filter.text()), Some(filter));
        }
        assert_eq!(Filter::parse("cost:gte:1000").map(|it| it.text()), Some("cost:gte:1000".to_owned()));
    }

    #[test]
    fn hi_2_what_is_no_filter_is_none() {
        for bad in
            ["", "model", "model:in", "model:in:", "model:gte:1", "cost:in:1", "cost:lt:-1", "cost:lt:1,2", "x:in:a"]
        {
            assert_eq!(Filter::parse(bad), None, "{bad}");
        }
    }
}
