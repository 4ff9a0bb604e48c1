# 대화 목록

chats-today = 오늘
chats-yesterday = 어제
chats-week = 지난 7일
chats-thirty-days = 지난 30일
chats-replying = 답변 중
chats-older = 더 오래된 대화
chats-newest = 최신 대화
