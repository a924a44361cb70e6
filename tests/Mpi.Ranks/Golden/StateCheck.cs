using System.Security.Cryptography;
using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Compares what a net is after an iteration with its row, and between the ranks, bit for bit.</summary>
internal sealed class StateCheck(GoldenRank golden, nn.Module net, ICollectives collectives)
{
    public void Compare(JsonElement row, string at, bool withGradients)
    {
        if (golden.Of(row, "param_sums") is { } sums)
        {
            Tensor[] all = [.. net.parameters().Select(parameter => parameter.detach().to(float64).reshape(-1))];
            Tensor flat = cat(all);
            Near.Float($"sum of parameters {at}", sums[0].Number(), flat.sum().item<double>());
            Near.Float($"sum of absolute parameters {at}", sums[1].Number(), flat.abs().sum().item<double>());
        }

        if (golden.Of(row, "params") is { } parameters)
        {
            Near.All($"parameter {at}", parameters, net.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)));
        }

        if (golden.Of(row, "buffers") is { } buffers)
        {
            Near.All($"buffer {at}", buffers, net.named_buffers());
        }

        if (withGradients && golden.Of(row, "grad_abs_sum") is { } gradients)
        {
            CompareGradients(gradients, at);
        }

        // Without a wrapper nobody made the models equal.
        if (!golden.Case.TryGetProperty("wrapper", out JsonElement wrapper) || wrapper.ValueKind != JsonValueKind.Null)
        {
            ParametersAreEqualOnAllRanks(at);
        }
    }

    public void ParametersAreEqualOnAllRanks(string at)
    {
        byte[] bytes = [.. net.parameters().SelectMany(parameter => parameter.detach().contiguous().bytes.ToArray())];
        collectives.AllGather(SHA256.HashData(bytes)).Select(Convert.ToHexString).Distinct().Should().ContainSingle("all ranks have the same bits {0}", at);
    }

    // A single 0: all that there are are zero.
    private void CompareGradients(JsonElement expected, string at)
    {
        Tensor?[] gradients = [.. net.parameters().Select(parameter => parameter.grad)];
        for (int i = 0; i < gradients.Length; i++)
        {
            double sum = gradients[i]?.to(float64).abs().sum().item<double>() ?? 0;
            double wanted = expected.ValueKind == JsonValueKind.Number ? 0 : expected[i].ValueKind == JsonValueKind.Null ? 0 : expected[i].Number();
            Near.Float($"gradient {i} {at}", wanted, sum);
            if (expected.ValueKind == JsonValueKind.Array)
            {
                (gradients[i] is null).Should().Be(expected[i].ValueKind == JsonValueKind.Null, "gradient {0} {1}", i, at);
            }
        }
    }
}
