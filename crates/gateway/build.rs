//! The built UI is part of `sandpitd`: build it again whenever `ui/dist` is another one, or has appeared.

fn main() {
    println!("cargo::rerun-if-changed=../../ui/dist");
}
