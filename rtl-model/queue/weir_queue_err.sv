// SPDX-License-Identifier: Apache-2.0
// Malicious-driver detection's memory (threats T5, T6): which queue is stopped and why, and the events that tell firmware.
// One error a cycle is taken; a doorbell's cannot wait and goes first, a queue's first reason stays. An event is one pending
// bit a queue, so none is ever lost however many queues fail at once.
module weir_queue_err #(
    parameter int NumQps = weir_abi_pkg::NumQps
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  weir_queue_pkg::load_t    load_i,
    // Doorbell, payload, transmit descriptor, receive descriptor.
    input  logic                     db_valid_i,
    input  weir_queue_pkg::err_t     db_i,
    input  logic                     pay_valid_i,
    output logic                     pay_ready_o,
    input  weir_queue_pkg::err_t     pay_i,
    input  logic                     txd_valid_i,
    output logic                     txd_ready_o,
    input  weir_queue_pkg::err_t     txd_i,
    input  logic                     rx_desc_valid_i,
    output logic                     rx_desc_ready_o,
    input  weir_queue_pkg::err_t     rx_desc_i,
    output logic [NumQps-1:0]        err_o,
    input  logic [weir_pkg::QpW-1:0] sel_qp_i,
    output logic [7:0]               sel_reason_o,
    // Event of the card's event path: event_o is level, pop_i takes pop_o.
    output logic                     event_o,
    input  logic                     pop_i,
    output logic [31:0]              pop_o
);
  localparam int QIdxW = $clog2(NumQps);

  logic [NumQps-1:0] err_q;
  logic [NumQps-1:0] pend_q;
  logic [7:0]        reason [0:NumQps-1];
  logic [7:0]        ev_reason [0:NumQps-1];  // survives LOAD: the event does, too
  logic              take;
  logic              fresh;
  logic [QIdxW-1:0]  qp;
  logic [7:0]        why;
  logic [QIdxW-1:0]  pop_qp;

  // Nothing but a doorbell may speak in a LOAD cycle, so its error of another queue is kept, too.
  assign pay_ready_o = !db_valid_i && !load_i.valid;
  assign txd_ready_o = pay_ready_o && !pay_valid_i;
  assign rx_desc_ready_o = txd_ready_o && !txd_valid_i;

  always_comb begin
    take = 1'b1;
    qp = db_i.qp[QIdxW-1:0];
    why = db_i.reason;
    if (db_valid_i) begin
    end else if (load_i.valid) begin
      take = 1'b0;
    end else if (pay_valid_i) begin
      qp = pay_i.qp[QIdxW-1:0];
      why = pay_i.reason;
    end else if (txd_valid_i) begin
      qp = txd_i.qp[QIdxW-1:0];
      why = txd_i.reason;
    end else if (rx_desc_valid_i) begin
      qp = rx_desc_i.qp[QIdxW-1:0];
      why = rx_desc_i.reason;
    end else begin
      take = 1'b0;
    end
    fresh = take && !err_q[qp] && !(load_i.valid && load_i.qp[QIdxW-1:0] == qp);
  end

  assign err_o = err_q;
  assign sel_reason_o = err_q[sel_qp_i[QIdxW-1:0]] ? reason[sel_qp_i[QIdxW-1:0]] : 8'd0;

  weir_queue_pick #(.N(NumQps)) u_pick (
      .clk_i, .rst_ni, .req_i(pend_q), .advance_i(pop_i), .valid_o(event_o), .index_o(pop_qp));

  always_comb begin
    pop_o = '0;
    if (event_o) begin
      pop_o[weir_abi_pkg::QueueEventPopArgLsb +: 16] = 16'(pop_qp);
      pop_o[weir_abi_pkg::QueueEventPopReasonLsb +: 8] = ev_reason[pop_qp];
      pop_o[weir_abi_pkg::QueueEventPopKindLsb +: 7] = 7'(weir_abi_pkg::EventQpError);
      pop_o[weir_abi_pkg::QueueEventPopValidLsb] = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (fresh) begin
      reason[qp] <= why;
      ev_reason[qp] <= why;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      err_q <= '0;
      pend_q <= '0;
    end else begin
      if (load_i.valid) err_q[load_i.qp[QIdxW-1:0]] <= 1'b0;
      if (pop_i && event_o) pend_q[pop_qp] <= 1'b0;
      if (fresh) begin
        err_q[qp] <= 1'b1;
        pend_q[qp] <= 1'b1;
      end
    end
  end
endmodule
