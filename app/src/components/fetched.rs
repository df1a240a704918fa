//! What a server function answered, for pages to wait for and to show.
//!
//! The machinery of resources and suspense is compiled once for every type it carries, which would be a quarter of the
//! browser's download. So it carries one type, [`Parcel`], and only its ends know what is inside.

use std::{
    any::Any,
    convert::Infallible,
    fmt::{Display, Formatter},
    future::Future,
    marker::PhantomData,
    pin::Pin,
    str::FromStr,
    sync::Arc,
};

use domain::{ApiError, ErrorKind};
use leptos::{prelude::*, server::codee::string::FromToStringCodec};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    erase::Erase,
    error_panel::error_panel,
    skeleton::{Shape, skeleton},
};
use crate::api::{Answer, Failure, tree};

const GOOD: &str = "ok ";
const BAD: &str = "no ";

/// What can travel: everything that a server function answers with.
pub trait Content: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}
impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Content for T {}

/// An answer with its type hidden. From server to browser it is its JSON text, within the browser it is the value itself.
#[derive(Clone)]
struct Parcel(Result<Inside, ApiError>);

#[derive(Clone)]
enum Inside {
    Json(Arc<str>),
    Value(Arc<dyn Any + Send + Sync>),
}

impl Parcel {
    fn pack<T: Content>(answer: Answer<T>) -> Self {
        let inside = match answer {
            Err(failure) => Err(failure.0),
            Ok(value) if cfg!(feature = "ssr") => {
                serde_json::to_string(&value).map(|json| Inside::Json(json.into())).map_err(|_| unreadable())
            }
            Ok(value) => Ok(Inside::Value(Arc::new(value))),
        };
        Self(inside)
    }

    fn open<T: Content>(self) -> Answer<T> {
        match self.0.map_err(Failure)? {
            Inside::Value(value) => value.downcast_ref::<T>().cloned().ok_or_else(|| Failure(unreadable())),
            Inside::Json(json) => tree::read(json.as_bytes()).ok_or_else(|| Failure(unreadable())),
        }
    }
}

fn unreadable() -> ApiError {
    ApiError::new(ErrorKind::Internal, "the answer could not be read: reload the page")
}

/// The form in the page: a mark, then JSON.
impl Display for Parcel {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Ok(Inside::Json(json)) => write!(f, "{GOOD}{json}"),
            // Only the server writes parcels, and it packs them as text.
            Ok(Inside::Value(_)) => Err(std::fmt::Error),
            Err(error) => write!(f, "{BAD}{}", serde_json::to_string(error).map_err(|_| std::fmt::Error)?),
        }
    }
}

impl FromStr for Parcel {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let bad = |json: &str| tree::read(json.as_bytes()).unwrap_or_else(unreadable);
        Ok(Self(match (text.strip_prefix(GOOD), text.strip_prefix(BAD)) {
            (Some(json), _) => Ok(Inside::Json(json.into())),
            (None, Some(json)) => Err(bad(json)),
            (None, None) => Err(unreadable()),
        }))
    }
}

/// A resource of a `T`. Copies share it.
pub struct Fetched<T> {
    parcel: Resource<Parcel, FromToStringCodec>,
    content: PhantomData<fn() -> T>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

type Work = Pin<Box<dyn Future<Output = Parcel> + Send>>;

/// Fetches now, and again when `key` changes; `get` receives the key.
pub fn fetch<T, F>(
    key: impl Fn() -> String + Send + Sync + 'static,
    get: impl Fn(String) -> F + Send + Sync + 'static,
) -> Fetched<T>
where
    T: Content,
    F: Future<Output = Answer<T>> + Send + 'static,
{
    let get = move |key: String| -> Work {
        let answer = get(key);
        Box::pin(async move { Parcel::pack(answer.await) })
    };
    Fetched { parcel: resource(Box::new(key), Box::new(get)), content: PhantomData }
}

fn resource(
    key: Box<dyn Fn() -> String + Send + Sync>,
    get: Box<dyn Fn(String) -> Work + Send + Sync>,
) -> Resource<Parcel, FromToStringCodec> {
    Resource::new_str(key, get)
}

impl<T: Content> Fetched<T> {
    pub fn refetch(self) {
        self.parcel.refetch();
    }

    pub async fn read(self) -> Answer<T> {
        self.parcel.await.open()
    }

    /// Shows nothing until it is there, then what `content` makes of it. While it is fetched again the old view stays.
    pub fn view(self, content: impl Fn(Answer<T>) -> AnyView + Send + Sync + 'static) -> AnyView {
        parcel_view(self.parcel, None, Arc::new(move |parcel: Parcel| content(parcel.open())))
    }

    /// Content of a page: its skeleton, then itself or what went wrong, with a way to try again.
    pub fn loaded(self, shape: Shape, content: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        let show = move |parcel: Parcel| match parcel.open() {
            Ok(value) => content(value),
            Err(Failure(error)) => {
                let retry = Callback::new(move |()| self.parcel.refetch());
                error_panel(error, Some(retry))
            }
        };
        parcel_view(self.parcel, Some(shape), Arc::new(show))
    }
}

type Show = Arc<dyn Fn(Parcel) -> AnyView + Send + Sync>;

fn parcel_view(parcel: Resource<Parcel, FromToStringCodec>, shape: Option<Shape>, show: Show) -> AnyView {
    view! {
        <Transition fallback=move || shape.map(skeleton)>
            {move || {
                let show = show.clone();
                Suspend::new(async move { show(parcel.await) })
            }}
        </Transition>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_brings_its_content_or_its_error_across() {
        let across = |parcel: &Parcel| -> Parcel { parcel.to_string().parse().unwrap() };
        let good = Parcel(Ok(Inside::Json("[1,2]".into())));
        assert_eq!(across(&good).open::<Vec<u8>>(), Ok(vec![1, 2]));
        let bad = Parcel(Err(ApiError::new(ErrorKind::NotFound, "no such run")));
        assert_eq!(across(&bad).open::<Vec<u8>>(), Err(Failure(ApiError::new(ErrorKind::NotFound, "no such run"))));
        assert_eq!(good.open::<String>(), Err(Failure(unreadable())));
    }
}
