from nn.layers import multi_head_attention

from .against_torch import assert_as_torch


def of_torch(torch, x, w_q, w_k, w_v, w_o, heads):
    layer = torch.nn.functional.multi_head_attention_forward
    T, E = x.shape[1:]
    x, unseen = x.swapaxes(0, 1), torch.ones(T, T, dtype=torch.bool).triu(1)
    weights = torch.cat([w_q.T, w_k.T, w_v.T])
    nothing = {"bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0, "out_proj_bias": None}
    out, _ = layer(
        x, x, x, E, heads, weights, None, out_proj_weight=w_o.T, attn_mask=unseen, need_weights=False, **nothing
    )
    return out.swapaxes(0, 1)


def test_it_is_pytorchs():
    assert_as_torch(multi_head_attention, of_torch)
