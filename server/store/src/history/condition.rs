//! What one filter says of an attempt, as a part of the statement that [`super::question`] puts together.
//!
//! Every part of the text is a constant of this file, every value is bound. One more field is one more arm in `of`, and an
//! index in a migration.

use domain::{
    feedback::Acceptance,
    history::{Field, Filter as Asked, Op},
    ledger::{Origin, Outcome},
    task::TaskClass,
};
use serde_json::json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// All tokens, as the index on them computes it; null while they are not known, which is not the same as few.
const TOKENS: &str = "all_tokens(a.input_tokens, a.cache_read_tokens, a.cache_write_short_tokens, \
                      a.cache_write_long_tokens, a.output_tokens, a.reasoning_tokens)";

pub(super) enum Condition {
    Text { column: &'static str, values: Vec<String>, or_null: bool },
    NotText { column: &'static str, values: Vec<String> },
    Ids { column: &'static str, values: Vec<Uuid> },
    NotIds { column: &'static str, values: Vec<Uuid> },
    Any { parts: Vec<&'static str>, is_not: bool },
    Tags { values: Vec<serde_json::Value>, is_not: bool },
    Verdict { outcomes: Vec<&'static str>, is_without: bool },
    Size { column: &'static str, is_least: bool, value: i64 },
}

/// The very words of the partial index.
pub(super) fn flag(name: &str) -> Option<&'static str> {
    Some(match name {
        "uncertain" => "a.state = 'uncertain'",
        "unpriced" => "'unpriced' = ANY (a.flags)",
        "overrun" => "'overrun' = ANY (a.flags)",
        "estimated" => "a.usage_source = 'estimated'",
        _ => return None,
    })
}

impl Condition {
    /// What one filter means. Of a field with few values, "none of these" is "one of the others", which an index can find.
    pub(super) fn of(asked: &Asked, providers: Vec<Uuid>) -> Self {
        let Asked { field, op, values } = asked;
        let is_not = *op == Op::Not;
        let closed = |all: Vec<&'static str>| -> Vec<String> {
            let is_in = |value: &&str| values.iter().any(|asked| asked == value) != is_not;
            all.into_iter().filter(is_in).map(str::to_owned).collect()
        };
        let text = |column, values: Vec<String>, null: &str| {
            let or_null = values.iter().any(|value| value == null);
            Condition::Text { column, values: values.into_iter().filter(|value| value != null).collect(), or_null }
        };
        let open = |column| match is_not {
            true => Condition::NotText { column, values: values.clone() },
            false => Condition::Text { column, values: values.clone(), or_null: false },
        };
        let ids = |column, values| match is_not {
            true => Condition::NotIds { column, values },
            false => Condition::Ids { column, values },
        };
        let parsed = || values.iter().filter_map(|value| value.parse().ok()).collect();
        let size = |column| {
            let value = values.first().and_then(|value| value.parse().ok()).unwrap_or(0);
            Condition::Size { column, is_least: *op == Op::Gte, value }
        };
        match field {
            Field::Model => open("a.model"),
            Field::Dialect => open("a.dialect"),
            Field::Provider => ids("a.provider_id", providers),
            Field::Key => ids("a.key_id", parsed()),
            Field::Person => ids("a.user_id", parsed()),
            Field::Status => {
                let all = Outcome::ALL.map(Outcome::as_str).into_iter().chain(["running"]);
                text("a.outcome", closed(all.collect()), "running")
            }
            Field::Origin => {
                let all = [Origin::Api, Origin::Playground, Origin::Run, Origin::Probe];
                text("a.origin", closed(all.map(Origin::as_str).to_vec()), "")
            }
            Field::Task => {
                let all = TaskClass::ALL.map(TaskClass::as_str).into_iter().chain(["none"]);
                text("a.task", closed(all.collect()), "none")
            }
            Field::Verdict => {
                let is_in = |value: &str| values.iter().any(|asked| asked == value) != is_not;
                let outcomes = Acceptance::ALL.map(Acceptance::as_str).into_iter();
                let is_without = is_in("none");
                Condition::Verdict { outcomes: outcomes.filter(|it| is_in(it) != is_without).collect(), is_without }
            }
            Field::Flag => Condition::Any { parts: values.iter().filter_map(|value| flag(value)).collect(), is_not },
            Field::Tag => {
                let tag = |value: &String| value.split_once('=').map(|(name, value)| json!({ name: value }));
                Condition::Tags { values: values.iter().filter_map(tag).collect(), is_not }
            }
            Field::Cost => size("a.cost_nano"),
            Field::Latency => size("a.total_ms"),
            Field::Tokens => size(TOKENS),
        }
    }

    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" AND ");
        match self {
            Self::Text { values, or_null: false, .. } if values.is_empty() => sql.push("false"),
            Self::Text { column, values, or_null: true } if values.is_empty() => sql.push(*column).push(" IS NULL"),
            Self::Text { column, values, or_null } => {
                sql.push("(").push(*column);
                push_any(sql, values);
                sql.push(if *or_null { " OR " } else { "" });
                if *or_null {
                    sql.push(*column).push(" IS NULL");
                }
                sql.push(")")
            }
            Self::NotText { column, values } => sql.push(*column).push(" <> ALL (").push_bind(values.clone()).push(")"),
            Self::Ids { values, .. } if values.is_empty() => sql.push("false"),
            Self::Ids { column, values } => {
                sql.push(*column);
                push_any(sql, values)
            }
            Self::NotIds { column, values } => {
                sql.push("(").push(*column).push(" IS NULL OR ").push(*column).push(" <> ALL (");
                sql.push_bind(values.clone()).push("))")
            }
            Self::Any { parts, is_not } => {
                sql.push(if *is_not { "(false" } else { "(" });
                if !is_not && parts.is_empty() {
                    sql.push("false");
                }
                for (at, part) in parts.iter().enumerate() {
                    sql.push(if *is_not || at > 0 { " OR " } else { "" }).push(*part);
                }
                sql.push(if *is_not { ") IS NOT TRUE" } else { ")" })
            }
            Self::Tags { values, is_not } => push_tags(sql, values, *is_not),
            // Needs the others: see `Question::push_verdict`.
            Self::Verdict { .. } => sql.push("true"),
            Self::Size { column, is_least, value } => {
                sql.push(*column).push(if *is_least { " >= " } else { " < " }).push_bind(*value)
            }
        };
    }
}

/// One value is asked for by `=`: only then does an index also give the order.
pub(super) fn push_any<'s, T>(sql: &'s mut QueryBuilder<Postgres>, values: &[T]) -> &'s mut QueryBuilder<Postgres>
where
    T: Clone + Send + sqlx::postgres::PgHasArrayType + 'static,
    T: for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>,
{
    match values {
        [value] => sql.push(" = ").push_bind(value.clone()),
        values => sql.push(" = ANY (").push_bind(values.to_vec()).push(")"),
    }
}

fn push_tags<'s>(
    sql: &'s mut QueryBuilder<Postgres>,
    values: &[serde_json::Value],
    is_not: bool,
) -> &'s mut QueryBuilder<Postgres> {
    sql.push("(false");
    for value in values {
        sql.push(" OR a.tags @> ").push_bind(value.clone());
    }
    sql.push(if is_not { ") IS NOT TRUE" } else { ")" })
}
