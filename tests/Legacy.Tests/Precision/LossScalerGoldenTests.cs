using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Precision;

/// <summary>Sequences of operations on MMCV's LossScaler.</summary>
[Trait("Category", "Golden")]
public sealed class LossScalerGoldenTests
{
    private static readonly GoldenCases File = new("fp16_legacy_state.json");

    public static TheoryData<string> Cases => File.Where(entry => GoldenCases.Text(entry, "kind") == "loss_scaler");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Operations_give_what_they_give_in_mmcv(string id)
    {
        JsonElement golden = File[id];
        JsonElement args = golden.GetProperty("args");
        bool isWindowZero = args.TryGetProperty("scale_window", out JsonElement window) && window.GetInt32() < 1;
        if (isWindowZero || GoldenCases.Text(args, "mode") is not (null or "dynamic" or "static"))
        {
            GoldenCases.Has(golden, "error").Should().BeTrue();
            Action make = () => Make(args);
            make.Should().Throw<ArgumentOutOfRangeException>("MMCV refuses a mode, and divides by a window later");
            return;
        }

        LossScaler scaler = Make(args);
        JsonElement[] results = [.. golden.GetProperty("results").EnumerateArray()];
        JsonElement[] operations = [.. golden.GetProperty("ops").EnumerateArray()];
        for (int i = 0; i < results.Length; i++)
        {
            bool? returned = Apply(scaler, operations[i]);
            returned.Should().Be(results[i][0].ValueKind == JsonValueKind.Null ? null : results[i][0].GetBoolean());
            (scaler.LossScale, scaler.Iter, scaler.LastOverflowIter).Should().Be((results[i][1].Number(), results[i][2].GetInt32(), results[i][3].GetInt32()));
        }

        if (GoldenCases.Has(golden, "error"))
        {
            string before = Shown(scaler.SaveState());
            Action next = () => Apply(scaler, operations[results.Length]);
            next.Should().Throw<PthException>();
            Shown(scaler.SaveState()).Should().Be(before, "MMCV leaves it changed by half");
            return;
        }

        operations.Should().HaveSameCount(results);
        Shown(scaler.SaveState()).Should().Be(Shown(State(golden.GetProperty("end"))));
    }

    private static LossScaler Make(JsonElement args) => new(
        args.TryGetProperty("init_scale", out JsonElement scale) ? scale.Number() : 4294967296,
        Mode(GoldenCases.Text(args, "mode") ?? "dynamic"),
        args.TryGetProperty("scale_factor", out JsonElement factor) ? factor.Number() : 2,
        args.TryGetProperty("scale_window", out JsonElement window) ? window.GetInt32() : 1000);

    private static LossScaleMode Mode(string name) => Enum.TryParse(name, ignoreCase: true, out LossScaleMode mode) ? mode : (LossScaleMode)int.MaxValue;

    private static bool? Apply(LossScaler scaler, JsonElement operation)
    {
        switch (operation[0].GetString())
        {
            case "update":
                scaler.UpdateScale(operation[1].GetBoolean());
                return null;
            case "load":
                scaler.LoadState(State(operation[1]));
                return null;
            default:
                using (NewDisposeScope())
                {
                    return scaler.HasOverflow([.. operation[1].EnumerateArray().Select(WithGradient)]);
                }
        }
    }

    private static Parameter WithGradient(JsonElement gradient)
    {
        bool hasNone = gradient.ValueKind == JsonValueKind.Null;
        float[] values = hasNone ? [0] : [.. GoldenCases.Numbers(gradient).Select(value => (float)value)];
        return new Parameter(zeros(values.Length)) { grad = hasNone ? null : tensor(values) };
    }

    private static PthDict State(JsonElement state)
    {
        PthDict made = new();
        foreach (JsonProperty entry in state.EnumerateObject())
        {
            made[entry.Name] = entry.Name switch
            {
                "mode" => new PthText(entry.Value.GetString()!),
                "cur_scale" or "scale_factor" => new PthFloat(entry.Value.Number()),
                _ => (PthValue)entry.Value.GetInt32(),
            };
        }

        return made;
    }

    private static string Shown(PthDict state) => string.Join(", ", state.Select(entry => $"{((PthText)entry.Key).Value} {entry.Value}"));
}
