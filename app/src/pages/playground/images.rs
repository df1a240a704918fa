//! Images of a message: pasted, dropped or chosen, kept by the server at once and named by the grid.

use std::rc::Rc;

use domain::{
    grid::{ImageRef, MAX_IMAGE_BYTES, MAX_IMAGES},
    text::thousands,
};

use super::draft::{Draft, Messages};
use crate::{
    api::{self, protocol::ask},
    browser,
    components::{
        button::icon_button,
        erase::{Erase, views},
        error_panel::sentence,
        toast::Toasts,
    },
    prelude::*,
};

/// Reads the images of an event into a message. Tells whether there are any.
pub fn take(draft: Draft, messages: Messages, index: usize, event: &leptos::web_sys::Event) -> bool {
    let toasts = draft.toasts;
    let say = move |words: &str| {
        if let Some(toasts) = toasts {
            Toasts::problem(toasts, sentence(words));
        }
    };
    browser::event_images(
        event,
        Rc::new(move |name: String, bytes: u32, data: String| {
            let here = draft.look(&|grid| messages.of(grid)?.get(index).map(|turn| turn.images.len()));
            if bytes as usize > MAX_IMAGE_BYTES {
                return say(&format!("{name} is larger than {} MiB", MAX_IMAGE_BYTES / 1024 / 1024));
            }
            if here.is_none_or(|here| here >= MAX_IMAGES) {
                return say(&format!("a message holds at most {MAX_IMAGES} images"));
            }
            let Some(team) = draft.team.try_get_untracked() else { return };
            ask(api::playground::AddImage { team, data_base64: data }, move |answer| match answer {
                Ok(image) => put(draft, messages, index, &image),
                Err(failure) => say(&format!("{name}: {}", failure.0.message)),
            });
        }),
    )
}

fn put(draft: Draft, messages: Messages, index: usize, image: &ImageRef) {
    draft.reshape(&|grid| {
        if let Some(turn) = messages.of(grid).and_then(|turns| turns.get_mut(index)) {
            turn.images.push(image.clone());
        }
    });
}

/// The button that chooses files.
pub fn attach(draft: Draft, messages: Messages, index: usize) -> AnyView {
    let id = format!("{}-files-{index}", messages.id());
    let field = id.clone();
    view! {
        {icon_button("image", "Add images: or paste or drop them", move || browser::click(&id))}
        <input
            hidden=true
            type="file"
            id=field
            accept="image/png,image/jpeg,image/gif,image/webp"
            multiple=true
            aria-label="Image files"
            on:change=move |event| {
                take(draft, messages, index, &event);
                browser::forget_files(&event);
            }
        />
    }
    .into_any()
}

pub fn thumbs(draft: Draft, messages: Messages, index: usize, images: Vec<ImageRef>) -> Option<AnyView> {
    if images.is_empty() {
        return None;
    }
    let team = draft.team.get_untracked();
    let rows = views(images.into_iter().enumerate().collect(), &|(at, image): (usize, ImageRef)| {
        let remove = icon_button("x", format!("Remove image {}", at + 1), move || {
            draft.reshape(&|grid| {
                if let Some(turn) =
                    messages.of(grid).and_then(|turns| turns.get_mut(index)).filter(|turn| at < turn.images.len())
                {
                    turn.images.remove(at);
                }
            });
        });
        thumb(&team, at, &image, Some(remove))
    });
    Some(view! { <ul class="thumbs">{rows}</ul> }.erase())
}

/// One image with its size; what a model makes of it is an estimate.
pub fn thumb(team: &str, at: usize, image: &ImageRef, remove: Option<AnyView>) -> AnyView {
    let ImageRef { id, bytes, width, height, .. } = image;
    let size = format!("{width} × {height}, {}", file_size(*bytes));
    let tokens = format!("about {} tokens", thousands(tokens(*width, *height)));
    view! {
        <li class="thumb">
            <img src=format!("/t/{team}/images/{id}") alt=format!("Image {}, {width} × {height}", at + 1) />
            <span>
                {size} <span class="sub">{tokens}</span>
            </span>
            {remove}
        </li>
    }
    .erase()
}

/// A token for each 750 pixels, of at most 1,568 pixels a side: Anthropic's published rule, and near what others count.
fn tokens(width: u32, height: u32) -> u64 {
    const SIDE: u64 = 1_568;
    let (width, height) = (u64::from(width), u64::from(height));
    let longer = width.max(height).max(1);
    let (width, height) = if longer > SIDE { (width * SIDE / longer, height * SIDE / longer) } else { (width, height) };
    (width * height).div_ceil(750)
}

fn file_size(bytes: u32) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => {
            let tenths = u64::from(bytes) * 10 / 1_048_576;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_7_an_image_says_how_large_it_is_and_what_it_may_cost() {
        assert_eq!(tokens(1_024, 768), 1_049);
        assert_eq!(tokens(0, 0), 0);
        assert_eq!(tokens(3_136, 1_568), tokens(1_568, 784));
        assert_eq!(file_size(900), "900 B");
        assert_eq!(file_size(245_761), "241 KB");
        assert_eq!(file_size(5 * 1024 * 1024), "5.0 MB");
    }
}
