//! Uploaded images: what their bytes say they are, whatever their name says. Pure; nothing is decoded.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use domain::grid::MAX_IMAGE_BYTES;
use imagesize::ImageType;

/// With or without the padding at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// No provider takes an edge that is longer.
const LONGEST_EDGE: usize = 16_384;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
    pub width: u32,
    pub height: u32,
}

/// Reads base64, or a whole data URL: the type that it names is not believed.
pub(super) fn read(data: &str) -> Result<Image, String> {
    let data = data.trim();
    let encoded = match data.strip_prefix("data:") {
        Some(url) => url.split_once(";base64,").map(|(_, data)| data).ok_or("send the image as base64")?,
        None => data,
    };
    let too_large = || format!("use an image of at most {} MiB", MAX_IMAGE_BYTES / 1024 / 1024);
    if encoded.len() / 4 > MAX_IMAGE_BYTES / 3 + 1 {
        return Err(too_large());
    }
    let bytes = BASE64.decode(encoded).map_err(|_| "send the image as base64")?;
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(too_large());
    }
    let media_type = match imagesize::image_type(&bytes) {
        Ok(ImageType::Png) => "image/png",
        Ok(ImageType::Jpeg) => "image/jpeg",
        Ok(ImageType::Gif) => "image/gif",
        Ok(ImageType::Webp) => "image/webp",
        Ok(_) | Err(_) => return Err("use a PNG, JPEG, GIF or WebP image".to_owned()),
    };
    let size = imagesize::blob_size(&bytes).map_err(|_| "this image is damaged: its size cannot be read")?;
    let edge = |length: usize| u32::try_from(length).ok().filter(|_| (1..=LONGEST_EDGE).contains(&length));
    let (Some(width), Some(height)) = (edge(size.width), edge(size.height)) else {
        return Err(format!("use an image of 1 to {LONGEST_EDGE} pixels each way"));
    };
    Ok(Image { bytes, media_type, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginnings of images of 3 by 2 pixels: as much as their size needs.
    fn samples() -> [(&'static str, Vec<u8>); 4] {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0".to_vec();
        let gif = b"GIF89a\x03\0\x02\0\x80\0\0".to_vec();
        let jpeg =
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08\0\x02\0\x03\x01\x01\x11\0"
                .to_vec();
        let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\x02\x40\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        [("image/png", png), ("image/gif", gif), ("image/jpeg", jpeg), ("image/webp", webp)]
    }

    #[test]
    fn pg_7_an_image_is_what_its_bytes_say() {
        for (media_type, bytes) in samples() {
            let encoded = BASE64.encode(&bytes);
            let image = Image { bytes, media_type, width: 3, height: 2 };
            assert_eq!(read(&encoded).as_ref(), Ok(&image));
            // The name of another type changes nothing.
            assert_eq!(read(&format!("data:text/html;base64,{}", encoded.trim_end_matches('='))), Ok(image));
        }
    }

    #[test]
    fn pg_7_what_is_no_image_is_refused() {
        let svg = BASE64.encode("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
        let huge = BASE64.encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xff\xff\0\0\0\x02\x08\x06\0\0\0");
        for (data, wanted) in [
            ("", "use a PNG, JPEG, GIF or WebP image"),
            ("not base64!", "send the image as base64"),
            ("data:image/png,abc", "send the image as base64"),
            (svg.as_str(), "use a PNG, JPEG, GIF or WebP image"),
            (huge.as_str(), "use an image of 1 to 16384 pixels each way"),
            (&"A".repeat(MAX_IMAGE_BYTES / 3 * 4 + 16), "use an image of at most 5 MiB"),
        ] {
            assert_eq!(read(data), Err(wanted.to_owned()), "{}", data.get(..20).unwrap_or(data));
        }
    }

    #[test]
    fn a_cut_or_damaged_image_is_refused_and_ends_nothing() {
        for (_, bytes) in samples() {
            for end in 0..bytes.len() {
                let _ = read(&BASE64.encode(&bytes[..end]));
            }
            for at in 0..bytes.len() {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut damaged = bytes.clone();
                    damaged[at] = value;
                    let _ = read(&BASE64.encode(&damaged));
                }
            }
        }
    }
}
