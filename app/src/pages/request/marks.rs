//! The marks an attempt carries, in words. One more mark: its line in [`meaning`].

use crate::{
    components::{badge::tag, erase::Erase},
    prelude::*,
};

fn meaning(mark: &str) -> &'static str {
    match mark {
        "unpriced" => "No price was in force. The cost is unknown, not zero, and no sum contains it.",
        "price_gap" => "A token class had no rate of its own and was charged at the rate of a related one.",
        "variant_gap" => "No rate is known for the way this call was served; the standard one applies.",
        "overrun" => "It cost more than was reserved. The difference was charged as well.",
        "usage_malformed" => "Some token counts of the provider could not be read.",
        "usage_mismatch" => "The token counts of the provider contradict each other.",
        "bad_frames" => "Parts of the stream could not be read and were left out.",
        "no_terminal" => "The stream ended without saying that it was complete.",
        "recreated" => "The database had lost this row; it was written again from the server's memory.",
        _ => "",
    }
}

pub fn marks(flags: &[String]) -> Option<AnyView> {
    let rows = flags.iter().map(|flag| {
        view! {
            <li>
                {tag(flag.replace('_', " "))} <span>{meaning(flag)}</span>
            </li>
        }
        .erase()
    });
    (!flags.is_empty()).then(|| view! { <ul class="marks">{rows.collect::<Vec<_>>()}</ul> }.erase())
}
