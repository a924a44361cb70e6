using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;

namespace Compat.Legacy.Tests.Logging;

/// <summary>Sequences of operations on MMCV's LogBuffer.</summary>
[Trait("Category", "Golden")]
public sealed class LogBufferGoldenTests
{
    private static readonly GoldenCases File = new("log_buffers.json");

    public static TheoryData<string> Cases => File.Where(entry => entry.GetProperty("kind").GetString() == "log_buffer");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        JsonElement[] expected = [.. golden.GetProperty("results").EnumerateArray()];
        using LogBuffer buffer = new();
        int next = 0;

        Action run = () =>
        {
            foreach (JsonElement operation in golden.GetProperty("ops").EnumerateArray())
            {
                Apply(buffer, operation);
                if (operation[0].GetString() != "update")
                {
                    ShouldBe(buffer, expected[next++]);
                }
            }
        };

        if (GoldenCases.Has(golden, "error"))
        {
            run.Should().Throw<ArgumentOutOfRangeException>();
        }
        else
        {
            run();
        }

        next.Should().Be(expected.Length);
    }

    private static void Apply(LogBuffer buffer, JsonElement operation)
    {
        switch (operation[0].GetString())
        {
            case "update": buffer.Update(Vars(operation[1]), operation[2].GetInt32()); break;
            case "average": buffer.Average(operation[1].GetInt32()); break;
            case "clear": buffer.Clear(); break;
            case "clear_output": buffer.ClearOutput(); break;
            default: throw new InvalidDataException($"There is no operation {operation[0]}.");
        }
    }

    private static LogVars Vars(JsonElement values)
    {
        LogVars vars = [];
        foreach (JsonProperty value in values.EnumerateObject())
        {
            vars[value.Name] = GoldenCases.Number(value.Value);
        }

        return vars;
    }

    private static void ShouldBe(LogBuffer buffer, JsonElement expected)
    {
        JsonProperty[] output = [.. expected.GetProperty("output").EnumerateObject()];
        buffer.Ready.Should().Be(expected.GetProperty("ready").GetBoolean());
        buffer.Output.Keys.Should().Equal(output.Select(entry => entry.Name));
        foreach (JsonProperty entry in output)
        {
            GoldenTolerance.IsSameDouble(GoldenCases.Number(entry.Value), buffer.Output[entry.Name]).Should().BeTrue(
                "{0} is {1} there and {2} here", entry.Name, entry.Value, buffer.Output[entry.Name]);
        }
    }
}
