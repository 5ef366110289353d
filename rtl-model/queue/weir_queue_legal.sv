// SPDX-License-Identifier: Apache-2.0
// Could this record (ring.def, QPS) be the state of a queue pair that its driver set up itself? The same checks as firmware makes
// of CREATE_QP and weir_queue_db of doorbells, on a record that came from anywhere (threats T10, T24): sizes, rings clear of the
// interrupt window and of the end of addresses, as much in a ring as fits, a vector that exists.
module weir_queue_legal (
    input  logic [511:0] record_i,
    output logic         legal_o
);
  localparam logic [57:0] MsiFirst = 58'(64'hFEE0_0000 >> 6);
  localparam logic [57:0] MsiLast = 58'(64'hFEEF_FFFF >> 6);

  // A ring of 16 << size bytes from base on.
  function automatic logic ring_ok(input logic [57:0] base, input logic [3:0] size);
    logic [58:0] last;
    last = {1'b0, base} + ((59'd1 << size) >> 2) - 59'd1;
    ring_ok = !last[58] && (last[57:0] < MsiFirst || base > MsiLast);
  endfunction

  function automatic logic fits(input logic [15:0] front, input logic [15:0] back, input logic [3:0] size);
    fits = 16'(front - back) <= (16'd1 << size);
  endfunction

  logic [3:0] tx_log;
  logic [3:0] rx_log;
  logic [3:0] cq_log;
  assign tx_log = record_i[weir_abi_pkg::QpsTxLog2Lsb +: 4];
  assign rx_log = record_i[weir_abi_pkg::QpsRxLog2Lsb +: 4];
  assign cq_log = record_i[weir_abi_pkg::QpsCqLog2Lsb +: 4];

  assign legal_o =
      tx_log >= 4'(weir_abi_pkg::RingLog2Min) && tx_log <= 4'(weir_abi_pkg::RingLog2Max) &&
      rx_log >= 4'(weir_abi_pkg::RingLog2Min) && rx_log <= 4'(weir_abi_pkg::RingLog2Max) &&
      cq_log >= 4'(weir_abi_pkg::RingLog2Min + 1) && cq_log <= 4'(weir_abi_pkg::CqLog2Max) &&
      ring_ok(record_i[weir_abi_pkg::QpsTxBaseLsb +: 58], tx_log) &&
      ring_ok(record_i[weir_abi_pkg::QpsRxBaseLsb +: 58], rx_log) &&
      ring_ok(record_i[weir_abi_pkg::QpsCqBaseLsb +: 58], cq_log) &&
      fits(record_i[weir_abi_pkg::QpsTxTailLsb +: 16], record_i[weir_abi_pkg::QpsTxNextLsb +: 16], tx_log) &&
      fits(record_i[weir_abi_pkg::QpsRxTailLsb +: 16], record_i[weir_abi_pkg::QpsRxNextLsb +: 16], rx_log) &&
      fits(record_i[weir_abi_pkg::QpsCqNextLsb +: 16], record_i[weir_abi_pkg::QpsCqHeadLsb +: 16], cq_log) &&
      record_i[weir_abi_pkg::QpsVectorLsb +: 8] < 8'(weir_abi_pkg::FnVectors);
endmodule
