//! Numbers of a price file, from their decimal text: no float comes near a price.
//!
//! The file is made by programs that do use floats, so a number may end in binary noise: `3.2000000000000003e-06`. What is a
//! whole number of pico-dollars but for a relative error below 10⁻⁹ is that number, and is reported as cleaned.

/// A whole number, and whether noise was taken off it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scaled {
    pub value: i64,
    pub is_cleaned: bool,
}

/// `text × 10^power` as a whole number, 0 or more. The error says what is odd about the text.
pub(super) fn scaled(text: &str, power: i32) -> Result<Scaled, &'static str> {
    if text.starts_with('-') {
        return Err("negative");
    }
    let (digits, exponent) = split(text).ok_or("not a plain number")?;
    let mantissa: i128 = digits.parse().map_err(|_| "too many digits")?;
    let exponent = exponent.checked_add(power).ok_or("out of range")?;
    if mantissa == 0 {
        return Ok(Scaled { value: 0, is_cleaned: false });
    }
    let factor = ten_to(exponent.unsigned_abs()).ok_or("out of range")?;
    if exponent >= 0 {
        let value = mantissa.checked_mul(factor).and_then(|value| i64::try_from(value).ok()).ok_or("out of range")?;
        return Ok(Scaled { value, is_cleaned: false });
    }
    let nearest = (mantissa + factor / 2) / factor;
    // Both fit: the mantissa has at most 28 digits, and the nearest multiple is no farther away than half the factor.
    let off = (nearest * factor - mantissa).abs();
    if nearest == 0 || off >= mantissa / 1_000_000_000 && off != 0 {
        return Err("not a whole number of pico-dollars");
    }
    let value = i64::try_from(nearest).map_err(|_| "out of range")?;
    Ok(Scaled { value, is_cleaned: off != 0 })
}

/// The digits without their point, and the power of ten that they stand for.
fn split(text: &str) -> Option<(String, i32)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let places = i32::try_from(fraction.len()).ok()?;
    let digits = digits.trim_start_matches('0');
    let short = digits.trim_end_matches('0');
    let zeros = i32::try_from(digits.len() - short.len()).ok()?;
    let exponent = exponent.checked_sub(places)?.checked_add(zeros)?;
    if short.is_empty() { Some(("0".to_owned(), 0)) } else { (short.len() <= 28).then(|| (short.to_owned(), exponent)) }
}

fn ten_to(power: u32) -> Option<i128> {
    (power <= 36).then(|| 10i128.pow(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pico(text: &str) -> Result<(i64, bool), &'static str> {
        scaled(text, 12).map(|it| (it.value, it.is_cleaned))
    }

    #[test]
    fn dollars_per_token_become_whole_pico_dollars() {
        for (text, value) in [
            ("2.5e-06", 2_500_000),
            ("0.0000025", 2_500_000),
            ("1e-05", 10_000_000),
            ("3.75E-8", 37_500),
            ("0", 0),
            ("0.0", 0),
            ("0e-99", 0),
            ("0.005", 5_000_000_000),
            ("1e-12", 1),
            ("1.0", 1_000_000_000_000),
            ("1.2500e-6", 1_250_000),
        ] {
            assert_eq!(pico(text), Ok((value, false)), "{text}");
        }
    }

    #[test]
    fn binary_noise_is_taken_off_and_said_so() {
        assert_eq!(pico("3.2000000000000003e-06"), Ok((3_200_000, true)));
        assert_eq!(pico("5.9999999999999995e-08"), Ok((60_000, true)));
        // One part in 10⁹ and more is no noise.
        assert_eq!(pico("1.000000001e-06"), Err("not a whole number of pico-dollars"));
        assert_eq!(pico("1.0000000009e-06"), Ok((1_000_000, true)));
    }

    #[test]
    fn what_is_no_price_is_named() {
        for (text, why) in [
            ("-1e-06", "negative"),
            ("1.5e-12", "not a whole number of pico-dollars"),
            ("1e-13", "not a whole number of pico-dollars"),
            ("4e-13", "not a whole number of pico-dollars"),
            ("\"1e-06\"", "not a plain number"),
            ("null", "not a plain number"),
            ("1e99999999999", "not a plain number"),
            ("1e30", "out of range"),
            ("1e2147483647", "out of range"),
            ("1e-2147483648", "out of range"),
            ("", "not a plain number"),
        ] {
            assert_eq!(pico(text), Err(why), "{text}");
        }
        assert!(pico(&"9".repeat(100)).is_err());
    }

    #[test]
    fn token_counts_are_whole_numbers_too() {
        assert_eq!(scaled("256000.0", 0), Ok(Scaled { value: 256_000, is_cleaned: false }));
        assert_eq!(scaled("2.56e5", 0), Ok(Scaled { value: 256_000, is_cleaned: false }));
        assert!(scaled("0.5", 0).is_err());
    }
}
