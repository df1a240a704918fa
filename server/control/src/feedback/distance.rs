//! How much of an answer was changed, in ten-thousandths: 0 is untouched, 10,000 is all of it (`product.md` FB-3).
//!
//! `d / max(|a|, |b|)` over characters, where `d` is the distance of Levenshtein: the least number of characters that are put
//! in, taken out or replaced. Where that would take too long, `d` is the sum over the changed stretches of a difference by
//! words, or by lines for very long texts, of the longer of what went and what came: never less than the exact one. A difference
//! that its deadline cut short would be far more than that, and is no measure.

use std::time::Instant;

use similar::{DiffOp, TextDiff};

/// Most steps of the exact distance, about 20 ms.
const MOST_STEPS: usize = 4_000_000;
/// Above this length together, stretches are whole lines.
const MOST_BYTES_OF_WORDS: usize = 200_000;

/// From the answer to what was kept of it; `None` when time is up.
pub(super) fn edited(answer: &str, kept: &str, deadline: Instant) -> Option<u16> {
    if Instant::now() >= deadline {
        return None;
    }
    let (before, after): (Vec<char>, Vec<char>) = (answer.chars().collect(), kept.chars().collect());
    let longest = before.len().max(after.len());
    if longest == 0 {
        return Some(0);
    }
    let (start, end) = shared(&before, &after);
    let (old, new) = (&before[start..before.len() - end], &after[start..after.len() - end]);
    let changed = match old.len().saturating_mul(new.len()) {
        0..=MOST_STEPS => levenshtein(old, new),
        _ => by_stretches(answer, kept, deadline)?,
    };
    // Rounded to the nearest; what is not the same is never told as untouched.
    let parts = (changed.saturating_mul(20_000) / longest).div_ceil(2).min(10_000);
    u16::try_from(parts.max(usize::from(changed > 0))).ok()
}

/// How many characters both begin and end with.
fn shared(before: &[char], after: &[char]) -> (usize, usize) {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = before[start..].iter().rev().zip(after[start..].iter().rev());
    (start, rest.take_while(|(a, b)| a == b).count())
}

/// One row of the matrix at a time.
fn levenshtein(old: &[char], new: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=new.len()).collect();
    for (number, was) in old.iter().enumerate() {
        let mut corner = number;
        let mut left = number + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (is, above) in new.iter().zip(row.iter_mut().skip(1)) {
            let replaced = corner + usize::from(was != is);
            corner = *above;
            left = replaced.min(corner + 1).min(left + 1);
            *above = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn by_stretches(answer: &str, kept: &str, deadline: Instant) -> Option<usize> {
    let mut config = TextDiff::configure();
    config.deadline(deadline);
    let is_long = answer.len() + kept.len() > MOST_BYTES_OF_WORDS;
    let diff = if is_long { config.diff_lines(answer, kept) } else { config.diff_words(answer, kept) };
    if Instant::now() >= deadline {
        return None;
    }
    let count = |tokens: &[&str]| tokens.iter().map(|token| token.chars().count()).sum::<usize>();
    let (mut total, mut went, mut came) = (0, 0, 0);
    for op in diff.ops() {
        match op {
            DiffOp::Equal { .. } => {
                total += went.max(came);
                (went, came) = (0, 0);
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                went += diff.old_slices().get(op.old_range()).map_or(0, count);
                came += diff.new_slices().get(op.new_range()).map_or(0, count);
            }
        }
    }
    Some(total + went.max(came))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn distance(answer: &str, kept: &str) -> u16 {
        edited(answer, kept, Instant::now() + Duration::from_secs(60)).unwrap()
    }

    #[test]
    fn fb_3_the_distance_is_the_share_of_characters_that_changed() {
        for (answer, kept, wanted) in [
            ("", "", 0),
            ("same", "same", 0),
            ("", "new", 10_000),
            ("gone", "", 10_000),
            // The textbook pair: 3 of 7.
            ("kitten", "sitting", 4_286),
            ("flaw", "lawn", 5_000),
            ("aé", "ae", 5_000),
            ("fn main() {}", "fn main() { run() }", 3_684),
        ] {
            assert_eq!(distance(answer, kept), wanted, "{answer:?} {kept:?}");
            assert_eq!(distance(kept, answer), wanted, "{kept:?} {answer:?}");
        }
    }

    #[test]
    fn fb_3_a_change_in_a_long_text_is_small_and_never_nothing() {
        let long = "word ".repeat(100_000);
        assert_eq!(distance(&long, &format!("{long}!")), 1);
        assert_eq!(distance(&long, &long), 0);
    }

    #[test]
    fn fb_3_long_texts_are_measured_by_stretches_never_below_the_exact_distance() {
        // Changes at both ends keep the exact way from being short.
        let middle: String = (0..3_000).map(|nr| format!("{nr} ")).collect();
        let (old, new) = (format!("aa {middle}bb"), format!("cc {middle}dd"));
        assert!(old.len() * new.len() > MOST_STEPS);
        let length = old.chars().count();
        assert_eq!(usize::from(distance(&old, &new)), (4 * 20_000 / length).div_ceil(2));
        let lines = middle.replace(' ', "\n").repeat(10);
        let (old, new) = (format!("aa\n{lines}bb\n"), format!("cc\n{lines}dd\n"));
        assert!(old.len() + new.len() > MOST_BYTES_OF_WORDS);
        assert!((1..=2).contains(&distance(&old, &new)));
    }

    #[test]
    fn what_has_nothing_in_common_is_all_of_it() {
        let (old, new) = ("ab ".repeat(5_000), "xyz\n".repeat(4_000));
        assert_eq!(distance(&old, &new), 10_000);
    }

    #[test]
    fn fb_3_when_time_is_up_nothing_is_guessed() {
        for (old, new) in [("a".to_owned(), "b".to_owned()), ("ab ".repeat(5_000), "xyz\n".repeat(4_000))] {
            assert_eq!(edited(&old, &new, Instant::now()), None);
        }
        // Also when it is up in the middle.
        let many = |step: usize| (0..60_000).map(|nr| format!("{} ", nr * step % 50_021)).collect::<String>();
        assert_eq!(edited(&many(7), &many(11), Instant::now() + Duration::from_millis(1)), None);
    }
}
