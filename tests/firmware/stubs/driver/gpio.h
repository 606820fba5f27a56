#pragma once
#include "../esp_err.h"
typedef enum {
  GPIO_NUM_NC = -1,
  GPIO_NUM_0 = 0,
  GPIO_NUM_48 = 48,
  GPIO_NUM_MAX,
} gpio_num_t;
extern "C" {
esp_err_t gpio_hold_en(gpio_num_t gpio_num);
esp_err_t gpio_hold_dis(gpio_num_t gpio_num);
}
