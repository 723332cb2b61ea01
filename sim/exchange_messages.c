/**
 * Texts of the error codes, as section "Error Codes" of the Aster documents has them; where it
 * offers several, the one without blanks to fill. -1008 is from Binance's documents, -2011 from
 * the answer that Aster's section on cancelling shows, -4225 from the one on Noop.
 */
#include "exchange_answer.h"

static const struct {
    int32_t code;
    const char *text;
} MESSAGES[] = {
    {-1000, "An unknown error occured while processing the request."},
    {-1001, "Internal error; unable to process your request. Please try again."},
    {-1002, "You are not authorized to execute this request."},
    {-1003, "Too many requests; please use the websocket for live updates."},
    {-1006, "An unexpected response was received from the message bus. Execution status unknown."},
    {-1007, "Timeout waiting for response from backend server. Send status unknown; execution "
            "status unknown."},
    {-1008, "Request throttled by system-level protection. Reduce-only/close-position orders are "
            "exempt. Please try again."},
    {-1011, "This IP cannot access this route."},
    {-1014, "Unsupported order combination."},
    {-1015, "Too many new orders."},
    {-1016, "This service is no longer available."},
    {-1020, "This operation is not supported."},
    {-1021, "Timestamp for this request is outside of the recvWindow."},
    {-1022, "Signature for this request is not valid."},
    {-1023, "Start time is greater than end time."},
    {-1100, "Illegal characters found in a parameter."},
    {-1101, "Too many parameters sent for this endpoint."},
    {-1102, "A mandatory parameter was not sent, was empty/null, or malformed."},
    {-1103, "An unknown parameter was sent."},
    {-1104, "Not all sent parameters were read."},
    {-1105, "A parameter was empty."},
    {-1106, "A parameter was sent when not required."},
    {-1111, "Precision is over the maximum defined for this asset."},
    {-1112, "No orders on book for symbol."},
    {-1114, "TimeInForce parameter sent when not required."},
    {-1115, "Invalid timeInForce."},
    {-1116, "Invalid orderType."},
    {-1117, "Invalid side."},
    {-1120, "Invalid interval."},
    {-1121, "Invalid symbol."},
    {-1125, "This listenKey does not exist."},
    {-1127, "Lookup interval is too big."},
    {-1128, "Combination of optional parameters invalid."},
    {-1130, "Invalid data sent for a parameter."},
    {-2010, "NEW_ORDER_REJECTED"},
    {-2011, "Unknown order sent."},
    {-2013, "Order does not exist."},
    {-2014, "API-key format invalid."},
    {-2015, "Invalid API-key, IP, or permissions for action."},
    {-2018, "Balance is insufficient."},
    {-2019, "Margin is insufficient."},
    {-2020, "Unable to fill."},
    {-2021, "Order would immediately trigger."},
    {-2022, "ReduceOnly Order is rejected."},
    {-2023, "User in liquidation mode now."},
    {-2024, "Position is not sufficient."},
    {-2025, "Reach max open order limit."},
    {-2026, "This OrderType is not supported when reduceOnly."},
    {-2027, "Exceeded the maximum allowable position at current leverage."},
    {-2028, "Leverage is smaller than permitted: insufficient margin balance."},
    {-4001, "Price less than 0."},
    {-4002, "Price greater than max price."},
    {-4003, "Quantity less than zero."},
    {-4004, "Quantity less than min quantity."},
    {-4005, "Quantity greater than max quantity."},
    {-4006, "Stop price less than zero."},
    {-4013, "Price less than min price."},
    {-4014, "Price not increased by tick size."},
    {-4015, "Client order id is not valid."},
    {-4016, "Price is higher than mark price multiplier cap."},
    {-4021, "Invalid depth limit."},
    {-4023, "Qty not increased by step size."},
    {-4024, "Price is lower than mark price multiplier floor."},
    {-4028, "Invalid leverage"},
    {-4032, "Exceed maximum cancel order size."},
    {-4045, "Reach max stop order limit."},
    {-4046, "No need to change margin type."},
    {-4047, "Margin type cannot be changed if there exists open orders."},
    {-4048, "Margin type cannot be changed if there exists position."},
    {-4050, "Cross balance insufficient."},
    {-4051, "Isolated balance insufficient."},
    {-4059, "No need to change position side."},
    {-4061, "Order's position side does not match user's setting."},
    {-4062, "Invalid or improper reduceOnly value."},
    {-4082, "Invalid number of batch place orders."},
    {-4083, "Fail to place batch orders."},
    {-4087, "User can only place reduce only order"},
    {-4088, "User can not place order currently"},
    {-4118, "ReduceOnly Order Failed. Please check your existing position and open orders"},
    {-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit"},
    {-4137, "Quantity must be zero with closePosition equals true"},
    {-4138, "Reduce only must be true with closePosition equals true"},
    {-4140, "Invalid symbol status for opening position"},
    {-4141, "Symbol is closed"},
    {-4142, "REJECT: take profit or stop order will be triggered immediately"},
    {-4164, "Order's notional must be no smaller than 5.0 (unless you choose reduce only)"},
    {-4225, "Nonce Expired"},
};

const char *exchange_message(int32_t code) {
    for (size_t i = 0; i < sizeof MESSAGES / sizeof MESSAGES[0]; i++) {
        if (MESSAGES[i].code == code) {
            return MESSAGES[i].text;
        }
    }
    return NULL;
}
