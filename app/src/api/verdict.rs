//! What a test of a provider said, read from its answer without its type: the browser's reader knows no tagged enums.

use domain::provider::ProbeVerdict;

use super::json::Node;

/// `None`: the answer is none of a test.
pub fn verdict(answer: &Node) -> Option<ProbeVerdict> {
    let number = |name| answer.at(name).and_then(Node::as_u64).unwrap_or_default();
    Some(match answer.at("verdict")?.as_text()? {
        "works" => ProbeVerdict::Works { models: u32::try_from(number("models")).unwrap_or(u32::MAX) },
        "refused_credential" => ProbeVerdict::RefusedCredential,
        "unreachable" => ProbeVerdict::Unreachable,
        "tls" => ProbeVerdict::Tls,
        "address_not_allowed" => ProbeVerdict::AddressNotAllowed,
        "rate_limited" => ProbeVerdict::RateLimited,
        "unexpected" => ProbeVerdict::Unexpected { status: u16::try_from(number("status")).unwrap_or_default() },
        "not_offered" => ProbeVerdict::NotOffered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json::parse;

    #[test]
    fn every_verdict_is_read_as_it_was_written() {
        let all = [
            ProbeVerdict::Works { models: 3 },
            ProbeVerdict::RefusedCredential,
            ProbeVerdict::Unreachable,
            ProbeVerdict::Tls,
            ProbeVerdict::AddressNotAllowed,
            ProbeVerdict::RateLimited,
            ProbeVerdict::Unexpected { status: 404 },
            ProbeVerdict::NotOffered,
        ];
        for it in all {
            let text = serde_json::to_string(&it).unwrap();
            assert_eq!(verdict(&parse(&text).unwrap()), Some(it), "{text}");
        }
        assert_eq!(verdict(&Node::Null), None);
    }
}
