//! Errors as each vendor writes them, and bodies that no vendor would write.
//!
//! Pure. Bodies repeat the credential and inner words on purpose: a gateway that copies them leaks, and tests look for it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{check::Complaint, endpoint::Vendor, script::ErrorBody};

/// Stands in every body no client may ever see: a test looks for it in what the gateway answered.
pub const CANARY: &str = "canary-7b1f-internal-detail";

/// Body and content type of an answer that is not a completion. `presented` is the credential the caller sent: some
/// servers repeat it, so a gateway that copies their words leaks it.
pub fn error(vendor: Vendor, status: u16, form: ErrorBody, presented: &str) -> (&'static str, Bytes) {
    match form {
        ErrorBody::Dialect => ("application/json", dialect(vendor, status, presented)),
        ErrorBody::Foreign => {
            let detail = format!("{CANARY}: handler.py line 42, authorization={presented}");
            ("application/json", json!({"detail": [{"loc": ["/srv/app"], "msg": detail}]}).to_string().into())
        }
        ErrorBody::Html => {
            let page = format!(
                "<!DOCTYPE html><html><head><title>{CANARY}</title></head><body><h1>It works!</h1>{presented}</body></html>"
            );
            ("text/html; charset=utf-8", page.into())
        }
        ErrorBody::Empty => ("application/json", Bytes::new()),
    }
}

/// The answer to a credential that is not the one in `Options::api_key`.
pub fn unauthorized(vendor: Vendor, presented: &str) -> (u16, Bytes) {
    // Google calls an unknown key a bad request, and a missing one forbidden.
    let status = match vendor {
        Vendor::Gemini if presented.is_empty() => 403,
        Vendor::Gemini => 400,
        _ => 401,
    };
    if vendor != Vendor::Gemini {
        return (status, dialect(vendor, status, presented));
    }
    let message = if status == 403 {
        "Method doesn't allow unregistered callers (callers without established identity)."
    } else {
        "API key not valid. Please pass a valid API key."
    };
    let reason = if status == 403 { "CREDENTIALS_MISSING" } else { "API_KEY_INVALID" };
    let mut body = object(vendor, status, &Complaint::new(message));
    body["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com", "key": presented}
    }]);
    (status, print(&body))
}

/// The caller's own mistake, as the vendor would answer it.
pub fn complaint(vendor: Vendor, complaint: &Complaint) -> Bytes {
    print(&object(vendor, complaint.status, complaint))
}

/// The error object alone, for streams that break in the middle.
pub fn in_stream(vendor: Vendor) -> Value {
    let message = "The server had an error while processing your request. Sorry about that!";
    match vendor {
        Vendor::Anthropic => json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        Vendor::Gemini => object(vendor, 503, &Complaint::new("The model is overloaded. Please try again later.")),
        Vendor::OpenAi | Vendor::Azure => object(vendor, 500, &Complaint::new(message)),
    }
}

fn print(body: &Value) -> Bytes {
    format!("{body:#}\n").into()
}

fn object(vendor: Vendor, status: u16, complaint: &Complaint) -> Value {
    let Complaint { message, field, code, .. } = complaint;
    match vendor {
        Vendor::OpenAi | Vendor::Azure => {
            json!({"error": {"message": message, "type": openai_type(status), "param": field, "code": code}})
        }
        Vendor::Anthropic => json!({
            "type": "error",
            "error": {"type": anthropic_type(status), "message": message},
            "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"
        }),
        Vendor::Gemini => json!({"error": {"code": status, "message": message, "status": google_status(status)}}),
    }
}

fn dialect(vendor: Vendor, status: u16, presented: &str) -> Bytes {
    let (message, code) = words(status, presented);
    if vendor == Vendor::Azure && status == 401 {
        let message = format!(
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription ({presented})."
        );
        return print(&json!({"error": {"code": "401", "message": message}}));
    }
    if vendor == Vendor::Anthropic && status == 401 {
        let complaint = Complaint::new(format!("invalid x-api-key: {presented}"));
        return print(&object(vendor, status, &complaint));
    }
    let field = (status == 400).then(|| "temperature".to_owned());
    print(&object(vendor, status, &Complaint { status, message, field, code }))
}

/// What a server says to a status that a script asked for.
fn words(status: u16, presented: &str) -> (String, Option<&'static str>) {
    match status {
        401 => (
            format!("Incorrect API key provided: {presented}. You can find your API key in your account settings."),
            Some("invalid_api_key"),
        ),
        403 => (format!("Project {CANARY} does not have access to this model."), None),
        404 => ("The model does not exist or you do not have access to it.".into(), Some("model_not_found")),
        413 | 422 => ("The request was too much for this model.".into(), None),
        429 => (
            "Rate limit reached for this organization on tokens per min (TPM): Limit 30000, Used 30000.".into(),
            Some("rate_limit_exceeded"),
        ),
        400..=499 => {
            ("Unsupported value: 'temperature' does not support this value.".into(), Some("unsupported_value"))
        }
        _ => (format!("The server had an error while processing your request ({CANARY})."), None),
    }
}

fn openai_type(status: u16) -> &'static str {
    match status {
        429 => "tokens",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}

fn google_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &Bytes) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn every_vendor_has_its_own_shape_for_a_refusal() {
        let said = |vendor, status| parsed(&error(vendor, status, ErrorBody::Dialect, "sk-x").1);
        assert_eq!(said(Vendor::OpenAi, 401)["error"]["code"], "invalid_api_key");
        assert_eq!(said(Vendor::Azure, 401)["error"]["code"], "401");
        assert_eq!(said(Vendor::Anthropic, 429)["error"]["type"], "rate_limit_error");
        assert_eq!(said(Vendor::Anthropic, 529)["type"], "error");
        assert_eq!(said(Vendor::Gemini, 429)["error"]["status"], "RESOURCE_EXHAUSTED");
        assert_eq!(said(Vendor::Gemini, 500)["error"]["code"], 500);
    }

    #[test]
    fn google_calls_an_unknown_key_a_bad_request() {
        let (status, body) = unauthorized(Vendor::Gemini, "wrong");
        assert_eq!((status, &parsed(&body)["error"]["details"][0]["reason"]), (400, &json!("API_KEY_INVALID")));
        assert_eq!(unauthorized(Vendor::Gemini, "").0, 403);
        assert_eq!(unauthorized(Vendor::Anthropic, "wrong").0, 401);
    }
}
