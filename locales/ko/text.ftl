# 글을 옮겨 쓰는 일
message-raw = 원문 보기
# 코드의 버튼과 목록의 상자를 볼 수 없는 사람에게 알려 주는 이름
code-copy = 코드 복사
task-done = 끝낸 일
task-todo = 할 일
