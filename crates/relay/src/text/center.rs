//! 1xxx: the center's people have to act.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::WRONG_PASSPHRASE,
        &[],
        ("The keystore's passphrase is wrong.", "Enter it again; after a key ceremony, the newest one."),
        ("鍵ストアのパスフレーズが違います。", "もう一度入力してください。鍵セレモニー後は最新のものを使います。"),
    ),
    text(
        Code::PERSON_REFUSED,
        &[],
        ("The name is unknown or the secret is wrong.", "Check both, or have the person added again."),
        ("名前が登録されていないか、秘密情報が違います。", "両方を確認するか、担当者を登録し直してください。"),
    ),
    text(
        Code::ROLE_MISSING,
        &["person", "role"],
        ("{person} does not have the role {role}.", "Ask someone who has it, or have the role given."),
        ("{person} には役割 {role} がありません。", "役割を持つ人に依頼するか、役割を付与してください。"),
    ),
    text(
        Code::SAME_PERSON,
        &["person"],
        ("{person} took an earlier step of this and may not take this one.", "Have another person do it."),
        ("{person} は前の手順を行ったため、この手順は行えません。", "別の担当者が行ってください。"),
    ),
    text(
        Code::PUBLISHED_KEY,
        &["key"],
        ("{key} is a published test key.", "Use a key that was drawn for this purpose and is known to no one else."),
        ("{key} は公開されているテスト鍵です。", "専用に生成した、他に知られていない鍵を使ってください。"),
    ),
    text(
        Code::PRODUCT_REFUSED,
        &["product", "reason"],
        ("The card product {product} cannot be used: {reason}.", "Correct its file and import it again."),
        ("カード製品 {product} は使用できません: {reason}。", "ファイルを修正して再度取り込んでください。"),
    ),
    text(
        Code::PROFILE_REFUSED,
        &["profile", "reason"],
        ("The profile {profile} cannot be used: {reason}.", "Correct its file and import it again."),
        ("プロファイル {profile} は使用できません: {reason}。", "ファイルを修正して再度取り込んでください。"),
    ),
    text(
        Code::KEYSTORE_UNAVAILABLE,
        &[],
        ("The keystore does not answer; nothing was sent.", "Bring it back, then try again."),
        ("鍵ストアが応答しません。何も送信していません。", "鍵ストアを復旧してから再試行してください。"),
    ),
    text(
        Code::LOG_DAMAGED,
        &["index", "reason"],
        ("The log is wrong from entry {index}: {reason}.", "Stop issuing, keep a copy, and compare with the witness."),
        ("ログは項目 {index} から不正です: {reason}。", "発行を止め、写しを保管し、証人の記録と照合してください。"),
    ),
];
