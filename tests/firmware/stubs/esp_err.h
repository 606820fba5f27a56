#pragma once
#include <cstdint>
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_NOT_SUPPORTED 0x106
#define ESP_ERROR_CHECK(x)                  \
  do {                                      \
    esp_err_t err_rc_ = (x);                \
    if (err_rc_ != ESP_OK) for (;;) continue; \
  } while (0)
