# 대화, 메시지, 답변

you = 나
model-unknown = 모델
no-chats = 아직 대화가 없어요.
chat-actions = 대화 메뉴
empty-chat = 무슨 이야기를 나눠 볼까요?
ai-mistakes = AI는 틀릴 수 있어요. 중요한 내용은 꼭 확인해 주세요.
empty-first = 냉장고에 두부와 달걀이 있어요. 저녁으로 뭘 해 먹으면 좋을까요?
empty-second = 청자의 빛깔이 어떻게 나오는지 쉽게 설명해 주세요.
empty-third = 회의를 다음 주로 미루자는 정중한 메일을 써 주세요.
empty-fourth = 하루 15분으로 기타를 배우는 한 달 계획을 세워 주세요.

thread-label = 메시지
composer-label = 내 메시지
composer-placeholder = 메시지를 써 보세요
composer-send = 보내기
composer-stop = 멈추기
composer-sending = 보내는 중…
composer-unsent = 보내지 못했어요. 쓰던 글은 그대로 남아 있어요.
starter-unsent = 보내지 못했어요. 연결되면 다시 눌러 주세요.
connection-lost = 연결이 끊겼어요. 다시 연결하고 있어요…
connection-undone = 서버에 연결하지 못해서 처리되지 않은 것 같아요. 잠시 뒤에 다시 시도해 주세요.
composer-model = 모델: { $model }
composer-empty = 먼저 메시지를 써 주세요.
composer-too-long = 이 메시지는 { $length }자예요. 한 번에 { $limit }자까지 보낼 수 있으니 줄이거나 나눠서 보내 주세요.
composer-too-many-running = 작성 중이거나 차례를 기다리는 답변이 너무 많아요. 하나가 끝나기를 기다리거나 멈춘 다음 다시 보내 주세요.
composer-still-replying = 답변을 아직 작성하고 있어요. 끝나기를 기다리거나 멈춘 다음 다시 보내 주세요.
composer-gone-on = 다른 창이나 기기에서 이 대화에 새 메시지가 생겼어요. 지금 화면에 모두 보여 드렸어요. 쓰던 글은 그대로 있으니 확인하고 다시 보내 주세요.
# 이미 다른 메시지를 보낸 화면에서 또 보냈을 때
composer-key-used = 이 화면에서 이미 다른 메시지를 보냈어요. 쓰던 글을 복사하고 화면을 새로 고친 다음 다시 보내 주세요.
composer-ending = 서버가 곧 다시 시작돼요. 쓰던 글은 그대로 남아 있으니 잠시 뒤에 다시 보내 주세요.
composer-no-room = 서버의 디스크가 가득 차서 메시지를 보내지 못했어요. 쓰던 글은 그대로 남아 있으니 나중에 다시 보내거나 관리자에게 알려 주세요.
composer-not-written = 지금은 서버가 아무것도 저장할 수 없어서 메시지를 보내지 못했어요. 쓰던 글은 그대로 남아 있으니 잠시 뒤에 다시 보내 주세요.
composer-too-fast = { $seconds ->
   *[other] 짧은 시간에 너무 많이 보냈어요. 쓰던 글은 그대로 남아 있으니 { $seconds }초 뒤에 다시 보내 주세요.
}

rename = 제목 바꾸기
rename-title = 대화 제목 바꾸기
rename-label = 새 제목
rename-save = 저장
rename-empty = 제목을 써 주세요.
rename-too-long = 제목은 { $limit }자까지 쓸 수 있어요.
cancel = 취소
edit = 수정
delete = 삭제
delete-heading = 대화 삭제
delete-title = 이 대화를 삭제할까요?
delete-question = 대화에 있는 메시지가 모두 삭제되고, 되돌릴 수 없어요.
delete-yes = 대화 삭제

reply-queued = 차례를 기다리고 있어요. 지금 { $place }번째예요…
reply-waiting = 모델이 메시지를 읽고 있어요…
reply-thinking = 모델이 생각하고 있어요…
reply-retrying = 모델 서버가 응답하지 않아서 다시 시도하고 있어요({ $of }번 중 { $attempt }번째)…
reply-follow = 답변을 실시간으로 보기
reply-show-final = 완성된 답변 보기
reply-try-again = 다시 시도
reply-continue = 이어서 답변받기
reply-too-many-running = 작성 중이거나 차례를 기다리는 답변이 너무 많아요. 하나가 끝나기를 기다리거나 멈춘 다음 다시 시도해 주세요.
reply-ending = 서버가 곧 다시 시작돼요. 잠시 뒤에 다시 시도해 주세요.
reply-reasoning = 생각 과정
reply-goes-on = 답변이 아직 끝나지 않았어요. 이어서 보기
reply-dropped = { $count ->
   *[other] 대화가 길어서 가장 오래된 메시지 { $grouped }개는 모델에 보내지 않았어요.
}
# 답변을 지켜보는 화면에 더는 아무것도 오지 않을 때. 첫 문장 뒤에는 이어 볼 수 있는 링크가 있어요.
reply-cut = 연결이 끊겼어요.
reply-reconnecting = 연결이 끊겼어요. 다시 연결하고 있어요…
reply-finished = 답변이 끝났어요.
reply-stopped = 멈췄어요. 그때까지 온 내용은 남아 있어요.
reply-stopped-early = 답변이 시작되기 전에 멈췄어요.
reply-interrupted = 답변을 작성하는 동안 서버가 다시 시작됐어요. 그때까지 온 내용은 남아 있어요.
reply-interrupted-early = 답변이 시작되기 전에 서버가 다시 시작됐어요. 다시 시도해 주세요.
reply-length = 답변이 최대 길이까지 와서 끊겼어요. ‘이어서 답변받기’를 누르면 나머지를 받을 수 있어요. 자주 끊긴다면 대화 설정에서 최대 길이를 늘려 보세요.
reply-filtered = 모델 제공자의 콘텐츠 필터가 답변을 중간에 끊었어요.
reply-failed = 답변을 끝내지 못했어요. 다시 시도해 주세요.
reply-wrong-key = 모델 서버가 API 키를 받아들이지 않았어요. 관리자에게 OPENAI_API_KEY를 확인해 달라고 부탁해 주세요.
reply-unknown-model = 모델 서버에 이 모델이 없어요. 대화 설정에서 다른 모델을 고르거나, 관리자에게 OPENAI_MODEL을 확인해 달라고 부탁해 주세요.
reply-too-long = 이 모델이 읽을 수 있는 길이보다 대화가 길어요. 새 대화를 시작하거나 더 짧은 메시지를 보내 주세요.
reply-rate-limited = 모델 서버가 너무 바쁘거나 사용 한도를 다 썼어요. 잠시 기다렸다가 다시 시도해 주세요. 계속되면 관리자에게 알려 주세요.
reply-unreachable = 모델 서버에 연결할 수 없어요. 모델 서버가 켜져 있는지 관리자에게 확인한 다음 다시 시도해 주세요.
reply-overloaded = 모델 서버에 문제가 생겼어요. 잠시 기다렸다가 다시 시도해 주세요.
reply-silent = 모델 서버가 제때 응답하지 않았어요. 다시 시도해 주세요.
reply-cut-off = 모델 서버와의 연결이 끊겼어요. 그때까지 온 내용은 남아 있어요. 다시 시도해 주세요.
reply-cut-off-early = 답변이 시작되기 전에 모델 서버와의 연결이 끊겼어요. 다시 시도해 주세요.
reply-too-large = 답변이 너무 길어서 담소가 중간에 끝냈어요. 그때까지 온 내용은 남아 있어요.
reply-refused = 모델 서버가 요청을 거절했어요. 다시 시도하거나 관리자에게 문의해 주세요.
reply-garbled = 모델 서버가 보낸 내용을 읽을 수 없어요. 관리자에게 OPENAI_BASE_URL을 확인해 달라고 부탁해 주세요.
reply-reported = 답변하는 도중에 모델 서버에서 오류가 났어요. 다시 시도해 주세요.
reply-cut-short = 모델 서버가 답변을 중간에 끊었어요. 그때까지 온 내용은 남아 있어요.
reply-no-credit = 모델 제공자 계정에 남은 크레딧이 없어요. 관리자가 충전하기 전에는 다시 시도해도 답변을 받을 수 없어요.
reply-moderated = 모델 제공자의 규정에 맞지 않아 답변을 받지 못했어요. 다르게 표현하거나 다른 모델을 사용해 보세요.
reply-region = 이 서버가 있는 나라에서는 모델 제공자의 서비스를 사용할 수 없어요. 다른 모델을 고르거나 관리자에게 문의해 주세요.
reply-blocked = 담소와 모델 서버 사이의 방화벽 같은 것이 요청을 막았어요. 관리자에게 문의해 주세요.
reply-empty = 모델이 빈 답변을 보냈어요. 다시 시도해 주세요.
reply-only-thoughts = 모델이 생각만 하고 답변은 작성하지 않았어요. 다시 시도해 주세요.
reply-endless-thoughts = 모델이 생각하는 동안 답변의 최대 길이에 이르러서 답변을 작성하지 못했어요. 대화 설정에서 답변의 최대 길이를 늘리거나 다시 시도해 주세요.
reply-only-tool-call = 모델이 답하는 대신 도구를 사용하려고 했는데, 여기에는 도구가 없어요. 다시 시도하거나 다른 모델을 사용해 보세요.
reply-only-media = 모델이 글 없이 그림처럼 여기서 보여 줄 수 없는 것만 보냈어요. 다른 모델을 사용해 보세요.
reply-busy = 모델 서버가 바빠서 다시 시도하고 있어요({ $of }번 중 { $attempt }번째)…
reply-said = 모델 서버의 설명: “{ $said }” (관리자에게만 보여요)
