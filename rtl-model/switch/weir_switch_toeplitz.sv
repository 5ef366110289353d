// SPDX-License-Identifier: Apache-2.0
// The Toeplitz hash of receive side scaling: each set bit of the tuple, first byte first, adds the 32 key bits that begin
// at its place. A short tuple stands at the top with zeros behind it. Combinational.
module weir_switch_toeplitz (
    input  logic                              enable_i,
    input  logic [weir_switch_pkg::KeyW-1:0]  key_i,
    input  logic [weir_switch_pkg::TupleW-1:0] tuple_i,
    output logic [31:0]                       hash_o
);
  localparam int KeyW = weir_switch_pkg::KeyW;
  localparam int TupleW = weir_switch_pkg::TupleW;

  always_comb begin
    hash_o = '0;
    if (enable_i) begin
      for (int j = 0; j < 32; j++) hash_o[31-j] = ^(tuple_i & key_i[KeyW-1-j -: TupleW]);
    end
  end
endmodule
