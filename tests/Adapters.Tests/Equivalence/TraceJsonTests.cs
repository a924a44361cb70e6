using System.Text.Json;
using Compat.Adapters.Equivalence;
using Compat.TestSupport;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TraceJsonTests
{
    [Fact]
    public void A_trace_is_written_with_shapes_and_hashes_in_place_of_tensors()
    {
        using TemporaryFolder folder = new();
        TensorSnapshot weight = Traces.Snapshot(1);
        TensorSnapshot buffer = Traces.Snapshot(3);

        TraceJson.Write(Traces.Of(Traces.Iteration(1)), folder.File("trace.json"));

        File.ReadAllText(folder.File("trace.json")).Should().Be(
            "{\"name\":\"trace\",\"iterations\":[{\"iteration\":1,\"batch_indices\":[0,1],\"lr\":0.1,\"loss\":2,\"log_values\":{\"acc\":0.5},"
            + $"\"weights\":{{\"fc.weight\":{{\"shape\":[],\"sha256\":\"{weight.Hash}\"}}}},"
            + $"\"buffers\":{{\"bn.mean\":{{\"shape\":[],\"sha256\":\"{buffer.Hash}\"}}}}}}]}}");
    }

    [Fact]
    public void Numbers_that_are_not_finite_have_names()
    {
        using TemporaryFolder folder = new();

        TraceJson.Write(Traces.Of(Traces.Iteration(1) with { Loss = double.NaN, LearningRate = double.PositiveInfinity }), folder.File("trace.json"));

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(folder.File("trace.json")));
        JsonElement iteration = document.RootElement.GetProperty("iterations")[0];
        iteration.GetProperty("loss").GetString().Should().Be("NaN");
        iteration.GetProperty("lr").GetString().Should().Be("Infinity");
    }

    [Fact]
    public void A_file_that_exists_is_replaced()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("trace.json"), new string('x', 10_000));

        TraceJson.Write(Traces.Of(), folder.File("trace.json"));

        File.ReadAllText(folder.File("trace.json")).Should().Be("{\"name\":\"trace\",\"iterations\":[]}");
        Directory.GetFiles(folder.Path).Should().ContainSingle();
    }
}
