# 갈래가 있는 대화: 메시지의 여러 버전, 수정, 삭제, 새 대화로 이어 가기

message-versions = 이 메시지의 여러 버전
message-previous = 이전 버전
message-next = 다음 버전
message-place = { $count }개 중 { $place }번째
message-edit-title = 메시지 수정
message-edit-label = 내 메시지
message-edit-hint = 새 버전으로 보내고 답변도 새로 받아요. 이전 버전은 그대로 남고, ‹ ›로 오갈 수 있어요.
message-edit-send = 보내기
message-answer = 답변받기
message-regenerate = 다시 답변받기
message-more = 더보기
message-branch = 새 대화로 이어 가기
message-branch-too-often = { $minutes ->
   *[other] 짧은 시간에 새 대화를 많이 만들었어요. { $minutes }분 뒤에 다시 시도해 주세요.
}
message-delete-title = 메시지 삭제
message-delete-question = 이 메시지를 삭제할까요? 삭제한 직후에는 되돌릴 수 있어요.
message-delete-more = { $count ->
   *[other] 뒤에 이어지는 메시지 { $count }개도 모든 버전에서 함께 삭제돼요.
}
message-delete-yes = 메시지 삭제
message-deleted = { $count ->
   *[other] 메시지 { $count }개를 삭제했어요.
}
message-undo = 되돌리기
message-undo-orphan = 앞에 있던 메시지도 삭제돼서 이 메시지만 되돌릴 수는 없어요.
message-undo-late = 삭제한 지 한 시간이 넘어서 이제는 되돌릴 수 없어요.
message-earlier = 이전 메시지
message-all = 모든 메시지
message-missing = 대화의 일부만 인쇄됐어요. 전부 인쇄하려면 ‘모든 메시지’를 열고 그 페이지를 인쇄하세요.
chat-back = 대화로 돌아가기
message-later = 다음 메시지
message-newest = 최신 메시지
message-beginning = 여기서 대화가 시작돼요.
