use proptest::prelude::*;

use super::*;

fn component(class: PriceClass, variant: Variant, above_input_tokens: u32, rate: i64) -> PriceComponent {
    PriceComponent { class, variant, above_input_tokens, rate: Pico(rate) }
}

/// A price of standard rates.
fn price(rates: &[(PriceClass, u32, i64)]) -> Price {
    let components = rates.iter().map(|(class, above, rate)| component(*class, Variant::Standard, *above, *rate));
    Price { version: PriceVersionId(uuid::Uuid::nil()), components: components.collect() }
}

/// Dollars per million tokens, as `class[@variant][>threshold]=rate`.
fn listed(words: &str) -> Price {
    let components = words.split_whitespace().map(|word| {
        let (key, rate) = word.split_once('=').unwrap();
        let (key, above) = key.split_once('>').unwrap_or((key, "0"));
        let (class, variant) = key.split_once('@').unwrap_or((key, "standard"));
        let class = PriceClass::parse(class).unwrap();
        component(class, Variant::parse(variant).unwrap(), above.parse().unwrap(), class.parse_rate(rate).unwrap().0)
    });
    Price { version: PriceVersionId(uuid::Uuid::nil()), components: components.collect() }
}

#[test]
fn prices_are_read_and_printed_exactly() {
    for (text, pico, printed) in [
        ("2.50", 2_500_000, "2.50"),
        ("0.0375", 37_500, "0.0375"),
        ("$1,234.5", 1_234_500_000, "1234.50"),
        ("0", 0, "0.00"),
        (".000001", 1, "0.000001"),
    ] {
        assert_eq!(Pico::parse_per_million(text), Ok(Pico(pico)));
        assert_eq!(Pico(pico).per_million(), printed);
    }
    for bad in ["", ".", "-1", "1e3", "0.0000001", "a", "99999999999999999999"] {
        assert!(Pico::parse_per_million(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_price_per_request_is_typed_per_thousand_requests() {
    assert_eq!(PriceClass::Request.parse_rate("5"), Ok(Pico(5_000_000_000)));
    assert_eq!(PriceClass::Request.rate_text(Pico(5_000_000_000)), "5.00");
    assert_eq!(Pico::parse_per_thousand("0.000000001"), Ok(Pico(1)));
    assert_eq!(Pico(1).per_thousand(), "0.000000001");
    assert_eq!(
        Pico::parse_per_thousand("-1").unwrap_err(),
        "enter dollars per thousand requests with at most nine decimals, such as 2.50"
    );
}

#[test]
fn cost_is_rounded_up_once_per_attempt() {
    let price = price(&[(PriceClass::Input, 0, 1), (PriceClass::Output, 0, 1)]);
    let cost = |input, output| price.cost(&Usage { input, output, ..Usage::default() }).map(|c| c.money);
    assert_eq!(cost(0, 0), Some(Money(0)));
    assert_eq!(cost(1, 0), Some(Money(1)));
    assert_eq!(cost(500, 500), Some(Money(1)));
    assert_eq!(cost(500, 501), Some(Money(2)));
}

/// Worked out by hand from price lists as vendors print them: nano-dollars, and the marks on the row.
#[test]
fn golden_costs() {
    let anthropic = "input=3 cache_read=0.30 cache_write_short=3.75 cache_write_long=6 output=15 \
                     input@batch=1.5 cache_read@batch=0.15 cache_write_short@batch=1.875 output@batch=7.5";
    let openai = "input=1.25 cache_read=0.125 output=10 input@flex=0.625 cache_read@flex=0.0625 output@flex=5 \
                  input@priority=2.5 output@priority=20";
    let gemini = "input=1.25 cache_read=0.31 output=10 input>200000=2.5 cache_read>200000=0.625 output>200000=15 \
                  input@batch=0.625 output@batch=5";
    let sonar = "input=1 output=1 request=5";
    let reasoner = "input=0.4 output=1.2 reasoning=4";
    let u = |input, cache_read, cache_write_short, cache_write_long, output, reasoning| Usage {
        input,
        cache_read,
        cache_write_short,
        cache_write_long,
        output,
        reasoning,
    };
    let (standard, batch, flex, priority) = (Variant::Standard, Variant::Batch, Variant::Flex, Variant::Priority);
    let table = [
        ("cached reads", anthropic, standard, u(10, 1_000, 0, 0, 100, 0), 30_000 + 300_000 + 1_500_000, ""),
        ("both cache writes", anthropic, standard, u(0, 0, 1_000, 1_000, 1, 0), 3_750_000 + 6_000_000 + 15_000, ""),
        (
            "batch",
            anthropic,
            batch,
            u(1_000, 1_000, 1_000, 0, 1_000, 0),
            1_500_000 + 150_000 + 1_875_000 + 7_500_000,
            "",
        ),
        ("batch without a long write", anthropic, batch, u(0, 0, 0, 1_000, 0, 0), 6_000_000, "variant_gap"),
        ("reasoning as output", openai, standard, u(100, 0, 0, 0, 10, 90), 125_000 + 1_000_000, ""),
        ("reasoning at its own rate", reasoner, standard, u(100, 0, 0, 0, 10, 90), 40_000 + 12_000 + 360_000, ""),
        ("a write without a rate", openai, standard, u(0, 0, 8, 0, 0, 0), 10_000, "price_gap"),
        ("flex", openai, flex, u(8, 16, 0, 0, 4, 0), 5_000 + 1_000 + 20_000, ""),
        ("priority borrows a cached read", openai, priority, u(0, 8, 0, 0, 1, 0), 1_000 + 20_000, "variant_gap"),
        ("a variant nobody priced", gemini, flex, u(4, 0, 0, 0, 1, 0), 5_000 + 10_000, "variant_gap"),
        ("below a tier", gemini, standard, u(199_999, 0, 0, 0, 2, 0), 249_998_750 + 20_000, ""),
        ("at a tier", gemini, standard, u(199_990, 10, 0, 0, 2, 0), 249_987_500 + 3_100 + 20_000, ""),
        ("above a tier", gemini, standard, u(199_991, 10, 0, 0, 2, 0), 499_977_500 + 6_250 + 30_000, ""),
        (
            "batch above a tier it has no rates for",
            gemini,
            batch,
            u(200_001, 0, 0, 0, 1, 0),
            125_000_625 + 5_000,
            "price_gap",
        ),
        ("per request", sonar, standard, u(3, 0, 0, 0, 4, 0), 3_000 + 4_000 + 5_000_000, ""),
        ("a request without tokens", sonar, standard, u(0, 0, 0, 0, 0, 0), 5_000_000, ""),
    ];
    for (name, rates, variant, usage, nano, mark) in table {
        let marks = (mark == "price_gap", mark == "variant_gap");
        let cost = listed(rates).cost_as(variant, &usage).map(|it| (it.money, (it.gap, it.variant_gap)));
        assert_eq!(cost, Some((Money(nano), marks)), "{name}");
    }
}

#[test]
fn a_long_context_tier_starts_strictly_above_its_threshold_and_takes_the_whole_attempt() {
    let price = price(&[
        (PriceClass::Input, 0, 1_000),
        (PriceClass::Output, 0, 10_000),
        (PriceClass::Input, 200, 2_000),
        (PriceClass::Output, 200, 20_000),
    ]);
    let cost = |input| price.cost(&Usage { input, output: 1, ..Usage::default() }).map(|c| c.money);
    assert_eq!(cost(199), Some(Money(209)));
    assert_eq!(cost(200), Some(Money(210)));
    assert_eq!(cost(201), Some(Money(422)));
}

#[test]
fn a_class_that_its_tier_does_not_name_costs_as_in_the_base_tier_and_leaves_a_mark() {
    let price = listed("input=1 output=2 cache_read=0.1 input>100=3 output>100=4 input>200=5");
    let cost = |usage| price.cost(&usage).map(|it| (it.money.0, it.gap));
    assert_eq!(cost(Usage { input: 100, cache_read: 1, ..Usage::default() }), Some((300_000 + 100, true)));
    // In the second tier output is that of the base tier, not of the first.
    assert_eq!(cost(Usage { input: 201, output: 1, ..Usage::default() }), Some((1_005_000 + 2_000, true)));
    assert_eq!(cost(Usage { input: 201, ..Usage::default() }), Some((1_005_000, false)));
}

#[test]
fn a_cache_class_without_a_rate_costs_as_input_and_leaves_a_mark() {
    let price = price(&[(PriceClass::Input, 0, 1_000), (PriceClass::Output, 0, 1_000)]);
    let cost = price.cost(&Usage { cache_read: 3, reasoning: 2, ..Usage::default() });
    assert_eq!(cost, Some(Cost { money: Money(5), gap: true, variant_gap: false }));
}

#[test]
fn an_unknown_price_is_unknown_and_not_zero() {
    assert_eq!(price(&[(PriceClass::Input, 0, 1)]).cost(&Usage::default()), None);
    assert_eq!(price(&[(PriceClass::Input, 0, 1)]).bound(1, 1), None);
    assert_eq!(listed("input@batch=1 output@batch=1").cost(&Usage::default()), None);
    let dear = price(&[(PriceClass::Input, 0, i64::MAX), (PriceClass::Output, 0, 0)]);
    assert_eq!(dear.cost(&Usage { input: u32::MAX, ..Usage::default() }), None);
}

#[test]
fn a_bound_holds_the_long_cache_only_when_it_is_asked_for() {
    let price = listed("input=3 cache_write_short=3.75 cache_write_long=6 output=15");
    let bound = |long_cache| price.bound_as(Terms { variant: Variant::Standard, long_cache }, 1_000, 10);
    assert_eq!(bound(false), Some(Money(3_750_000 + 150_000)));
    assert_eq!(bound(true), Some(Money(6_000_000 + 150_000)));
    assert_eq!(price.bound(1_000, 10), bound(true));
}

type Drawn = (usize, usize, u32, i64);

/// Input and output, and any other rates of any variant in any tier.
fn any_price() -> impl Strategy<Value = Price> {
    let rate: Range = 0i64..5_000_000;
    let other = (0usize..7, 0usize..4, prop_oneof![Just(0u32), 1u32..500], rate.clone());
    (proptest::collection::vec(other, 0..16), rate.clone(), rate).prop_map(|(others, input, output)| {
        let mut components = vec![
            component(PriceClass::Input, Variant::Standard, 0, input),
            component(PriceClass::Output, Variant::Standard, 0, output),
        ];
        let made = |(class, variant, above, rate): Drawn| {
            component(PriceClass::ALL[class], Variant::ALL[variant], above, rate)
        };
        components.extend(others.into_iter().map(made));
        let mut seen = std::collections::HashSet::new();
        components.retain(|it| seen.insert(it.key()));
        Price { version: PriceVersionId(uuid::Uuid::nil()), components }
    })
}

type Range = std::ops::Range<i64>;

/// Base rates and, in each tier, for each variant, rates that are at least those below: as price lists are.
fn rising_price() -> impl Strategy<Value = Price> {
    let tiers = proptest::collection::vec(1u32..2_000, 0..3);
    (tiers, proptest::collection::vec(0i64..1_000_000, 4 * 4 * 7)).prop_map(|(mut tiers, draws)| {
        tiers.push(0);
        tiers.sort_unstable();
        tiers.dedup();
        let mut components = Vec::new();
        for (v, variant) in Variant::ALL.into_iter().enumerate() {
            let mut rates = [0i64; 7];
            for (t, tier) in tiers.iter().enumerate() {
                for (c, class) in PriceClass::ALL.into_iter().enumerate() {
                    rates[c] += draws[(v * 4 + t) * 7 + c];
                    components.push(component(class, variant, *tier, rates[c]));
                }
            }
        }
        Price { version: PriceVersionId(uuid::Uuid::nil()), components }
    })
}

fn any_usage() -> impl Strategy<Value = Usage> {
    proptest::array::uniform6(0u32..400).prop_map(|[input, cache_read, short, long, output, reasoning]| Usage {
        input,
        cache_read,
        cache_write_short: short,
        cache_write_long: long,
        output,
        reasoning,
    })
}

proptest! {
    #[test]
    fn no_usage_within_the_bound_costs_more_than_the_bound(
        price in any_price(), usage in any_usage(), variant in 0usize..4, spare in (0u32..300, 0u32..300),
    ) {
        let variant = Variant::ALL[variant];
        let input = u32::try_from(usage.total_input()).unwrap() + spare.0;
        let output = u32::try_from(usage.total_output()).unwrap() + spare.1;
        let cost = price.cost_as(variant, &usage).unwrap().money;
        let terms = Terms { variant, long_cache: true };
        prop_assert!(cost <= price.bound_as(terms, input, output).unwrap());
        if usage.cache_write_long == 0 {
            let terms = Terms { variant, long_cache: false };
            prop_assert!(cost <= price.bound_as(terms, input, output).unwrap());
        }
        if variant == Variant::Standard {
            prop_assert_eq!(price.cost(&usage).unwrap().money, cost);
        }
    }

    #[test]
    fn cost_never_falls_when_tokens_of_a_class_rise(
        price in rising_price(), usage in any_usage(), class in 0usize..6, more in 0u32..2_000, variant in 0usize..4,
    ) {
        let mut larger = usage;
        *[
            &mut larger.input,
            &mut larger.cache_read,
            &mut larger.cache_write_short,
            &mut larger.cache_write_long,
            &mut larger.output,
            &mut larger.reasoning,
        ][class] += more;
        let cost = |usage| price.cost_as(Variant::ALL[variant], usage).unwrap().money;
        prop_assert!(cost(&usage) <= cost(&larger));
    }

    #[test]
    fn a_bound_never_falls_when_tokens_rise(
        price in any_price(), input in 0u32..1_000, output in 0u32..1_000, more in (0u32..500, 0u32..500),
    ) {
        prop_assert!(price.bound(input, output) <= price.bound(input + more.0, output + more.1));
    }
}
