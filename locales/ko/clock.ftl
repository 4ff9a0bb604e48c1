# 시각: 짧게, 그리고 정확하게

clock-month = { $month ->
   *[other] { $month }월
}
clock-month-short = { $month ->
   *[other] { $month }월
}
clock-weekday = { $day ->
    [1] 월
    [2] 화
    [3] 수
    [4] 목
    [5] 금
    [6] 토
   *[other] 일
}
# 12시간제 또는 24시간제
clock-system = 12시간제
clock-time = { $half ->
    [0] 오전 { $hour }:{ $minute }
   *[other] 오후 { $hour }:{ $minute }
}
clock-date = { $year }년 { $month } { $day }일
clock-day-time = { $month } { $day }일 { $time }
clock-exact = { $year }년 { $month } { $day }일 ({ $weekday }) { $time }
clock-in-zone = { $time } ({ $zone } 시간대)
clock-month-of = { $year }년 { $month }

clock-zone = 시간대
clock-zone-server = 서버 시간대({ $zone })
clock-zone-hint = 시각과 대화 목록의 날짜를 이 시간대에 맞춰 보여 드려요.
clock-zone-example = 지금 시각: { $time }
clock-zone-unknown = 없는 시간대예요. 목록에서 골라 주세요.
