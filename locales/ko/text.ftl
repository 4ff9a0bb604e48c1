# 글을 옮겨 쓰는 일
message-copy = 복사
message-raw = 원문
