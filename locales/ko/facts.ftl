# 답변 아래에 적는 것들, 가장 새로운 내용으로 가는 길

facts-tokens = 토큰: 입력 { $sent }개, 출력 { $said }개
facts-about-tokens = 토큰: 입력 약 { $sent }개, 출력 약 { $said }개
facts-speed = 초당 토큰 { $rate }개
facts-about-speed = 초당 토큰 약 { $rate }개
newest = 최신 내용으로
