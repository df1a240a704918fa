//! An image of a prompt, for who may read the team's runs.

use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use control::{Actor, playground};
use domain::id::ImageId;
use http::{HeaderName, Uri, header};

use super::{super::pages, AppState, refuse};

/// The bytes never change under their id. Whoever shows them as a page gets a sandbox (`security.md` HD-5).
pub async fn image(
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    Path((team, image)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let Ok(id) = image.parse::<ImageId>() else {
        return pages::refusal(&uri, control::Error::NotFound.into_api());
    };
    match playground::image(&state.control, &actor, &team, id).await {
        Ok((media_type, bytes)) => {
            let headers: [(HeaderName, String); 4] = [
                (header::CONTENT_TYPE, media_type),
                (header::CACHE_CONTROL, "private, max-age=86400, immutable".to_owned()),
                (header::CONTENT_DISPOSITION, "inline".to_owned()),
                (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
            ];
            (headers, bytes).into_response()
        }
        Err(error) => refuse(&state.control, &actor, &uri, error).await,
    }
}
