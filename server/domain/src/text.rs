//! Names, slugs and numbers as text: one validation per field, shared by form, API and bundle (`product.md` ALL-3, ALL-12).

/// A slug: `[a-z0-9][a-z0-9._-]{0,62}`.
pub fn slug(text: &str) -> Result<String, String> {
    let rule = "use 1 to 63 of a-z, 0-9, dot, dash, underscore, starting with a letter or digit, such as gpt-4o";
    let first = text.bytes().next().ok_or(rule)?;
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let rest = text.bytes().all(|b| allowed(b) || matches!(b, b'.' | b'-' | b'_'));
    if !allowed(first) || !rest || text.len() > 63 {
        return Err(rule.to_owned());
    }
    Ok(text.to_owned())
}

/// A name for people: 1 to 100 characters of any script, trimmed, without control characters.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("enter a name".to_owned());
    }
    if text.chars().count() > 100 {
        return Err("use at most 100 characters".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("remove the control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A model name as clients send it and as providers know it: 1 to 200 visible ASCII characters without spaces.
pub fn model_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 200 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("use 1 to 200 visible characters without spaces, such as gpt-4o-2024-11-20".to_owned());
    }
    Ok(text.to_owned())
}

/// Longest name of a tag, in bytes.
pub const LONGEST_TAG_NAME: usize = 64;
/// Longest value of a tag, in characters.
pub const LONGEST_TAG_VALUE: usize = 200;

/// A tag: a name of letters, digits, dots, dashes and underscores, and a value without control characters.
pub fn tag(name: &str, value: &str) -> Result<(), String> {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = (1..=LONGEST_TAG_NAME).contains(&name.len()) && name.bytes().all(is_name_byte);
    let is_value = (1..=LONGEST_TAG_VALUE).contains(&value.chars().count()) && !value.chars().any(char::is_control);
    if is_name && is_value {
        return Ok(());
    }
    Err(format!(
        "{name:?} is no tag: write pairs such as repo=core, names of letters, digits, dots, dashes and underscores"
    ))
}

/// An e-mail address, lower case: something, one `@`, something with a dot or a bare host, at most 254 bytes.
pub fn email(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    let wrong = || "enter an e-mail address such as ada@example.com".to_owned();
    let (local, host) = text.split_once('@').ok_or_else(wrong)?;
    let clean = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    if local.is_empty() || host.is_empty() || host.contains('@') || !clean || text.len() > 254 {
        return Err(wrong());
    }
    Ok(text)
}

/// A password: 12 to 256 bytes, or up to 64 characters of any script. The list of common ones is checked in `auth`.
pub fn password_length(text: &str) -> Result<(), String> {
    if text.len() < 12 {
        return Err("use at least 12 characters".to_owned());
    }
    if text.len() > 256 {
        return Err("use at most 256 bytes".to_owned());
    }
    Ok(())
}

/// `12345` as `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_follow_the_published_pattern() {
        for good in ["a", "gpt-4o", "0", "a.b_c-d", &"x".repeat(63)] {
            assert_eq!(slug(good).as_deref(), Ok(good));
        }
        for bad in ["", "-a", "A", "a b", "ä", "a/b", &"x".repeat(64)] {
            assert!(slug(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_hold_any_script_but_no_control_characters() {
        assert_eq!(name("  Zoë 東京 "), Ok("Zoë 東京".to_owned()));
        assert!(name("a\u{7}b").is_err());
        assert!(name(" ").is_err());
    }

    #[test]
    fn thousands_are_grouped_by_comma() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
