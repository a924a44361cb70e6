using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

/// <summary>Sequences of operations on PyTorch's GradScaler, with one parameter of ones and SGD at a rate of 0.5.</summary>
[Trait("Category", "Golden")]
public sealed class GradScalerGoldenTests
{
    private static readonly GoldenCases File = new("fp16_legacy_state.json");

    public static TheoryData<string> Cases => File.Where(entry => GoldenCases.Text(entry, "kind") == "grad_scaler");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Operations_give_what_they_give_in_PyTorch(string id)
    {
        // A fused kernel leaves an update out by itself; else the host decides.
        foreach (Implementation implementation in new[] { Implementation.Auto, Implementation.PerParameter })
        {
            using DisposeScope scope = NewDisposeScope();
            JsonElement golden = File[id];
            using GradScaler scaler = new(GoldenConfigs.ScalerOptions(golden.GetProperty("args")));
            Parameter parameter = new(ones(2));
            using FusedSgd optimizer = new([parameter], new() { Lr = 0.5 }, implementation);
            JsonElement[] operations = [.. golden.GetProperty("ops").EnumerateArray()];
            JsonElement[] results = [.. golden.GetProperty("results").EnumerateArray()];
            for (int i = 0; i < results.Length; i++)
            {
                Apply(scaler, optimizer, parameter, operations[i], results[i]);
            }

            if (!GoldenCases.Has(golden, "error"))
            {
                operations.Should().HaveSameCount(results);
            }
            else if (IsWholeScale(operations[results.Length]))
            {
                Apply(scaler, optimizer, parameter, operations[results.Length], default);
                scaler.GetScale().Should().Be(operations[results.Length][1].GetDouble());
            }
            else
            {
                Action next = () => Apply(scaler, optimizer, parameter, operations[results.Length], default);
                next.Should().Throw<Exception>().Which.Should().Match(error => error is InvalidOperationException || error is PthException);
            }
        }
    }

    // PyTorch refuses a whole number for its type; in C# it is a double.
    private static bool IsWholeScale(JsonElement operation) =>
        operation[0].GetString() == "update" && operation.GetArrayLength() == 2 && operation[1].TryGetInt32(out _);

    private static void Apply(GradScaler scaler, FusedSgd optimizer, Parameter parameter, JsonElement operation, JsonElement expected)
    {
        switch (operation[0].GetString())
        {
            case "scale":
                float scaled = scaler.Scale(tensor(operation[1].GetSingle())).item<float>();
                GoldenTraining.Near("scaled loss", GoldenCases.Number(expected), scaled);
                break;
            case "grad":
                parameter.grad = tensor(GoldenCases.Numbers(operation[1])).to(ScalarType.Float32);
                break;
            case "unscale":
                scaler.Unscale(optimizer);
                GoldenTraining.NearAll("gradient", expected, parameter.grad!);
                break;
            case "step":
                bool isMade = scaler.Step(optimizer) is not { } isSkipped || isSkipped.item<float>() == 0;
                isMade.Should().Be(expected[0].GetBoolean());
                GoldenTraining.NearAll("parameter", expected[1], parameter);
                break;
            case "update":
                scaler.Update(operation.GetArrayLength() == 2 ? operation[1].Number() : null);
                break;
            case "load" when scaler.IsEnabled:
                scaler.LoadState(GradScalerState.FromPth((PthDict)GoldenTraining.Value(operation[1])));
                break;
            case "state":
                Shown(scaler.SaveState()?.ToPth() ?? []).Should().Be(Shown((PthDict)GoldenTraining.Value(expected)));
                break;
        }
    }

    private static string Shown(PthDict state) => string.Join(", ", state.Select(entry => $"{((PthText)entry.Key).Value} {entry.Value}"));
}
