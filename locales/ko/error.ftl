# 오류: 무슨 일이 있었고 어떻게 하면 되는지

error-title = 요청을 처리하지 못했어요
error-not-found = 이 주소에는 아무것도 없어요. 삭제되었거나 다른 사람의 것일 수 있어요.
error-forbidden = 이 사이트의 화면에서 보낸 양식이 아니어서 아무것도 바꾸지 않았어요. 이 사이트에서 화면을 다시 열고 시도해 주세요.
error-signed-out = 로그아웃된 상태예요. 계속하려면 로그인해 주세요.
error-too-large = 한 번에 보낼 수 있는 크기를 넘었어요. 줄여서 다시 시도해 주세요.
error-too-many = { $seconds ->
   *[other] 너무 자주 요청했어요. { $seconds }초 뒤에 다시 시도해 주세요.
}
error-too-many-open = 답변을 지켜보는 화면이 너무 많이 열려 있어요. 몇 개를 닫은 다음 다시 시도해 주세요.
error-unavailable = 지금은 서버가 응답할 수 없어요. 잠시 기다렸다가 다시 시도해 주세요.
error-bad-request = 요청을 읽지 못했어요. 뒤로 가서 화면을 새로 고친 다음 다시 시도해 주세요.
error-internal = 서버에 문제가 생겼어요. 저장된 내용은 그대로 있으니 잠시 뒤에 다시 시도해 주세요.
