//! Browser files, made by `cargo xtask site`: `site.json` (which hash is current), `pkg/<hash>/` and the files of `public/`,
//! each beside its `.br` and `.gz`. Read from a folder, or built into the binary with the feature `embed-site`.

#[cfg(feature = "embed-site")]
mod built_in;

use std::path::{Path, PathBuf};

use axum::{
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderValue, header};
use leptos::config::LeptosOptions;
use tower_http::services::{ServeDir, ServeFile};

use super::routes::Routes;

/// Files of `public/` that are served at the root.
const ROOT_FILES: [&str; 3] = ["favicon.svg", "icons.svg", "robots.txt"];
/// Where `cargo xtask site` writes.
const DEFAULT_DIR: &str = "target/site";

/// Where the browser files are.
#[derive(Clone, Debug)]
pub enum Site {
    Folder(PathBuf),
    #[cfg(feature = "embed-site")]
    BuiltIn,
}

/// Why the browser files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("browser files are missing in {0}: run `cargo xtask site`, or set SITE_DIR")]
    Missing(PathBuf),
}

impl Site {
    /// The configured folder; without one the files in the binary, or else those of the last `cargo xtask site`.
    pub fn open(configured: Option<&Path>) -> Result<Self, Error> {
        #[cfg(feature = "embed-site")]
        if configured.is_none() {
            return Ok(Self::BuiltIn);
        }
        let dir = configured.unwrap_or(Path::new(DEFAULT_DIR)).to_owned();
        let site = Self::Folder(dir.clone());
        site.hash().map(|_| site).ok_or(Error::Missing(dir))
    }

    /// The current hash. Read each time: a rebuilt site is served without a restart.
    fn hash(&self) -> Option<String> {
        self.json("site.json")?.get("hash")?.as_str().map(str::to_owned)
    }

    fn json(&self, file: &str) -> Option<serde_json::Value> {
        let text = match self {
            Self::Folder(dir) => std::fs::read_to_string(dir.join(file)).ok()?,
            #[cfg(feature = "embed-site")]
            Self::BuiltIn => built_in::text(file)?.to_owned(),
        };
        serde_json::from_str(&text).ok()
    }

    /// Addresses of what the browser loads for a page besides the program, see `app::lazy`.
    pub fn files_of(&self, page: &str) -> Vec<String> {
        let found = || {
            let pkg = format!("pkg/{}", self.hash()?);
            let pages = self.json(&format!("{pkg}/pages.json"))?;
            let files = pages.get(page)?.as_array()?.iter().filter_map(serde_json::Value::as_str);
            Some(files.map(|file| format!("/{pkg}/{file}")).collect())
        };
        // Without the list the browser asks for them itself, a little later.
        found().unwrap_or_default()
    }

    /// What the shell needs to name the files.
    pub fn options(&self) -> LeptosOptions {
        let hash = self.hash().unwrap_or_default();
        LeptosOptions::builder().output_name("tallygate").site_root("").site_pkg_dir(format!("pkg/{hash}")).build()
    }

    /// Routes of the files. The hash is in the path of `pkg`, so its files never change.
    pub fn routes(&self) -> Routes {
        let (packages, files) = match self {
            Self::Folder(dir) => from_folder(dir),
            #[cfg(feature = "embed-site")]
            Self::BuiltIn => built_in::routes(&ROOT_FILES),
        };
        packages
            .layer(middleware::from_fn(|request, next| cached("public, max-age=31536000, immutable", request, next)))
            .join(files.layer(middleware::from_fn(|request, next| cached("public, max-age=3600", request, next))))
    }
}

/// Routes of `/pkg` and of the files at the root.
fn from_folder(dir: &Path) -> (Routes, Routes) {
    let packages = ServeDir::new(dir.join("pkg")).precompressed_br().precompressed_gzip();
    let mut files = Routes::new();
    for name in ROOT_FILES {
        let file = ServeFile::new(dir.join(name)).precompressed_br().precompressed_gzip();
        files = files.file(&format!("/{name}"), file);
    }
    (Routes::new().files_below("/pkg", packages), files)
}

async fn cached(policy: &'static str, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    }
    response
}
