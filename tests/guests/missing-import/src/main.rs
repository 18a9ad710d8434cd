//! Imports an interface that no host here has: `acme:warehouse/shelves`.

wit_bindgen::generate!({ world: "guest", path: "wit" });

fn main() {
    println!("{} shelves", acme::warehouse::shelves::count());
}
