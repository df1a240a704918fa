//! What the calls of one take add up to.

use domain::{run::CellMetrics, usage::Usage};

/// Adds a call: counts, times and costs are sums, the first token is that of the first call, the rest is the last call's.
pub(super) fn add(sum: &mut CellMetrics, next: CellMetrics) {
    if sum.calls == 0 {
        *sum = next;
        return;
    }
    let CellMetrics {
        request,
        calls,
        first_token_ms,
        total_ms,
        usage,
        usage_source,
        cost,
        unpriced,
        finish_reason,
        model_served,
        provider,
        attempts,
        schema,
    } = next;
    *sum = CellMetrics {
        request,
        calls: sum.calls.saturating_add(calls),
        first_token_ms: sum.first_token_ms.or(first_token_ms),
        total_ms: Some(sum.total_ms.unwrap_or(0).saturating_add(total_ms.unwrap_or(0))),
        usage: match (sum.usage, usage) {
            (Some(before), Some(usage)) => Some(plus(before, usage)),
            (before, usage) => before.or(usage),
        },
        // A sum is as well known as the least known of its parts.
        usage_source: sum.usage_source.min(usage_source),
        cost: match (sum.cost, cost) {
            (Some(before), Some(cost)) => before.checked_add(cost),
            (before, cost) => before.or(cost),
        },
        // What is known stays, and is not all.
        unpriced: sum.unpriced || unpriced || sum.cost.is_some() != cost.is_some(),
        finish_reason,
        model_served,
        provider,
        attempts,
        schema,
    };
}

fn plus(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input.saturating_add(other.input),
        cache_read: one.cache_read.saturating_add(other.cache_read),
        cache_write_short: one.cache_write_short.saturating_add(other.cache_write_short),
        cache_write_long: one.cache_write_long.saturating_add(other.cache_write_long),
        output: one.output.saturating_add(other.output),
        reasoning: one.reasoning.saturating_add(other.reasoning),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Money, id::RequestId, usage::UsageSource};
    use uuid::Uuid;

    use super::*;

    fn call(number: u128, cost: Option<Money>) -> CellMetrics {
        CellMetrics {
            request: Some(RequestId(Uuid::from_u128(number))),
            calls: 1,
            first_token_ms: Some(10 * u32::try_from(number).unwrap()),
            total_ms: Some(100),
            usage: Some(Usage { input: 5, output: 2, ..Usage::default() }),
            usage_source: Some(if number == 1 { UsageSource::Final } else { UsageSource::Estimated }),
            cost,
            finish_reason: Some(format!("reason {number}")),
            provider: Some("lab".into()),
            attempts: 1,
            ..CellMetrics::default()
        }
    }

    #[test]
    fn pg_8_several_calls_are_one_sum_and_the_last_one_is_named() {
        let mut sum = CellMetrics::default();
        add(&mut sum, call(1, Some(Money(7))));
        assert_eq!(sum, call(1, Some(Money(7))));
        add(&mut sum, call(2, Some(Money(5))));
        assert_eq!((sum.calls, sum.first_token_ms, sum.total_ms, sum.cost), (2, Some(10), Some(200), Some(Money(12))));
        assert_eq!(sum.usage, Some(Usage { input: 10, output: 4, ..Usage::default() }));
        assert_eq!((sum.usage_source, sum.finish_reason.as_deref()), (Some(UsageSource::Estimated), Some("reason 2")));
        assert_eq!(sum.request, Some(RequestId(Uuid::from_u128(2))));
    }

    #[test]
    fn pg_8_of_a_sum_with_an_unknown_part_the_known_part_is_kept_and_said_not_to_be_all() {
        let known = || call(1, Some(Money(7)));
        let unpriced = || CellMetrics { unpriced: true, ..call(2, None) };
        for (first, second) in [(known(), call(2, None)), (call(2, None), known()), (known(), unpriced())] {
            let mut sum = first;
            add(&mut sum, second);
            assert_eq!((sum.cost, sum.unpriced), (Some(Money(7)), true));
            add(&mut sum, known());
            assert_eq!((sum.cost, sum.unpriced), (Some(Money(14)), true));
        }
        let mut sum = call(1, None);
        add(&mut sum, call(2, None));
        assert_eq!((sum.cost, sum.unpriced), (None, false), "nothing is known yet");
    }
}
