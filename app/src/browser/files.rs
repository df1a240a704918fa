//! Files that were pasted, dropped or chosen.

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::HtmlInputElement;

/// The files that were pasted, dropped or chosen.
fn files_of(event: &web_sys::Event) -> Vec<web_sys::File> {
    let of = |holder: &JsValue, name: &str| js_sys::Reflect::get(holder, &JsValue::from_str(name)).ok();
    let holders = [of(event, "clipboardData"), of(event, "dataTransfer"), of(event, "target")];
    let lists = holders.into_iter().flatten().filter(JsValue::is_object).filter_map(|it| of(&it, "files"));
    let Some(list) = lists.filter_map(|it| it.dyn_into::<web_sys::FileList>().ok()).find(|it| it.length() > 0) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|index| list.get(index)).collect()
}

/// Reads the images of an event one by one and hands over name, size and base64 of each. Tells whether there are any.
pub fn event_images(event: &web_sys::Event, done: Rc<dyn Fn(String, u32, String)>) -> bool {
    let images: Vec<web_sys::File> =
        files_of(event).into_iter().filter(|file| file.type_().starts_with("image/")).collect();
    let any = !images.is_empty();
    for file in images {
        let (Ok(reader), done) = (web_sys::FileReader::new(), done.clone()) else { continue };
        let (name, read) = (file.name(), reader.clone());
        // Sizes of files are whole numbers far below 2^32, or are refused all the same.
        let bytes = file.size() as u32;
        let loaded = Closure::once(move |_: JsValue| {
            let url = read.result().ok().and_then(|it| it.as_string()).unwrap_or_default();
            let data = url.split_once(',').map(|(_, data)| data.to_owned()).unwrap_or_default();
            done(name, bytes, data);
        });
        reader.set_onloadend(Some(loaded.as_ref().unchecked_ref()));
        if reader.read_as_data_url(&file).is_ok() {
            loaded.forget();
        }
    }
    any
}

/// Reads the first file of an event as text. Tells whether there is one.
pub fn event_text(event: &web_sys::Event, done: Rc<dyn Fn(String)>) -> bool {
    let Some(file) = files_of(event).into_iter().next() else { return false };
    let ended = Closure::once(move |text: JsValue| done(text.as_string().unwrap_or_default()));
    let _promise = file.text().then2(&ended, &ended);
    ended.forget();
    true
}

/// Lets the same file be chosen once more.
pub fn forget_files(event: &web_sys::Event) {
    if let Some(Ok(input)) = event.target().map(JsCast::dyn_into::<HtmlInputElement>) {
        input.set_value("");
    }
}
