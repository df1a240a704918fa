//! Links that let somebody in: invitations and password resets. The secret stands in the fragment, which no server sees; only its
//! hash is kept (`security.md` 11).

use auth::digest::{self, Token, TokenDigest};

use crate::Context;

/// Fewer base62 characters would be less than 128 bits; many more are none of ours.
const SHORTEST: usize = 22;
const LONGEST: usize = 64;

/// The one text that carries the secret.
pub(crate) fn url(ctx: &Context, page: &str, token: Token) -> String {
    format!("{}/{page}#{}", ctx.public_url, token.show_once())
}

/// Digest of a secret that came from outside, or of the whole link that somebody pasted in its place. `None`: this cannot be
/// one, so nothing is looked up.
pub(crate) fn digest(text: &str) -> Option<TokenDigest> {
    let token = text.rsplit('#').next().unwrap_or_default().trim();
    let is_token = (SHORTEST..=LONGEST).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric());
    is_token.then(|| digest::of(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_link_is_as_good_as_its_secret() {
        let secret = "0123456789abcdefABCDEFxy";
        let expected = digest::of(secret.as_bytes());
        for text in [secret, &format!(" {secret}\n"), &format!("https://tallygate.example/invite#{secret}")] {
            assert!(digest(text).is_some_and(|digest| digest.matches(expected.as_bytes())), "{text:?}");
        }
    }

    #[test]
    fn empty_short_endless_and_strange_texts_are_never_looked_up() {
        let long = "x".repeat(65);
        for text in ["", " ", "#", "null", "\0", "0123456789abcdefABCDE", "0123456789abcdefABCDEF'--", &long] {
            assert!(digest(text).is_none(), "{text:?}");
        }
    }
}
