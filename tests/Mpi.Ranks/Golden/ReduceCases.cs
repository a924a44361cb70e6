using System.Text.Json;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.Torch.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The functions of both originals that reduce, gather and broadcast, as what does the same here.</summary>
internal static class ReduceCases
{
    public static IEnumerable<RankCase> Of(ICollectives collectives)
    {
        JsonElement file = GoldenFile.Read("distributed.json");
        return file.GetProperty("cases").EnumerateArray()
            .Where(one => one.GetProperty("kind").GetString() == "reduce" && one.GetProperty("world_size").GetInt32() == collectives.Rank.WorldSize)
            .Select(one => new RankCase(one.GetProperty("id").GetString()!, _ => Run(new GoldenRank(file, one, collectives.Rank.Rank), collectives)));
    }

    private static void Run(GoldenRank golden, ICollectives collectives)
    {
        string function = golden.Case.GetProperty("fn").GetString()!;
        JsonElement own = golden.Case.GetProperty("data")[golden.Rank];
        JsonElement args = golden.Case.GetProperty("args");
        switch (function)
        {
            case "allreduce_params" or "all_reduce_params":
                ReduceEach(golden, Tensors(own.EnumerateArray()), function == "allreduce_params" || Text(args, "op") == "mean", collectives);
                break;
            case "allreduce_grads":
                ReduceGradients(golden, own, collectives);
                break;
            case "all_reduce":
                Reduce(golden, own, Text(args, "op"), collectives);
                break;
            case "all_reduce_dict":
                Tensor[] values = Tensors(own.EnumerateObject().Select(entry => entry.Value));
                ReduceEach(golden, values, Text(args, "op") == "mean", collectives);
                break;
            case "all_gather" or "gather":
                bool isMine = function == "all_gather" || args.GetProperty("dst").GetInt32() == golden.Rank;
                IReadOnlyList<Tensor> all = collectives.AllGather(Make(own));
                Compare(golden.Of(golden.Case, "tensors")!.Value.EnumerateArray(), isMine ? all : []);
                break;
            case "broadcast":
                Tensor tensor = Make(own);
                collectives.Broadcast(tensor, args.GetProperty("src").GetInt32());
                Compare([golden.Of(golden.Case, "tensor")!.Value], [tensor]);
                break;
            default:
                Objects(golden, own, function, collectives);
                break;
        }
    }

    // Means of integers are cut there, or fail half-way; here they are refused and nothing has changed.
    private static void ReduceEach(GoldenRank golden, Tensor[] tensors, bool isMean, ICollectives collectives)
    {
        if (isMean && tensors.Any(tensor => !tensor.is_floating_point()))
        {
            string[] before = [.. tensors.Select(tensor => Convert.ToHexString(tensor.bytes.ToArray()))];
            Action average = () => collectives.AllReduceParams(tensors);
            average.Should().Throw<NotSupportedException>().WithMessage("A tensor is of type Int64; *No tensor has changed.");
            tensors.Select(tensor => Convert.ToHexString(tensor.bytes.ToArray())).Should().Equal(before);
            return;
        }

        if (isMean)
        {
            collectives.AllReduceParams(tensors);
        }
        else
        {
            Array.ForEach(tensors, tensor => collectives.AllReduce(tensor));
        }

        JsonElement expected = golden.Of(golden.Case, "tensors")!.Value;
        Compare(expected.ValueKind == JsonValueKind.Array ? expected.EnumerateArray() : expected.EnumerateObject().Select(entry => entry.Value), tensors);
    }

    private static void ReduceGradients(GoldenRank golden, JsonElement own, ICollectives collectives)
    {
        List<Parameter> parameters = [];
        foreach (JsonElement one in own.EnumerateArray())
        {
            Parameter parameter = new(Make(one), one.GetProperty("requires_grad").GetBoolean());
            if (one.GetProperty("grad").ValueKind == JsonValueKind.Array)
            {
                parameter.grad = Make(one, "grad");
            }

            parameters.Add(parameter);
        }

        collectives.AllReduceGrads(parameters);
        foreach ((Parameter parameter, JsonElement expected) in parameters.Zip(golden.Of(golden.Case, "tensors")!.Value.EnumerateArray()))
        {
            JsonElement gradient = expected.GetProperty("grad");
            (parameter.grad is null).Should().Be(gradient.ValueKind == JsonValueKind.Null);
            if (parameter.grad is not null)
            {
                Near.Values("gradient", gradient, parameter.grad);
            }
        }
    }

    private static void Reduce(GoldenRank golden, JsonElement own, string operation, ICollectives collectives)
    {
        if (!Enum.TryParse(operation, ignoreCase: true, out ReduceOperation known))
        {
            return;                                                   // ruled out by type ReduceOperation: it has no product and no bits
        }

        Tensor tensor = Make(own);
        if (known == ReduceOperation.Mean && !tensor.is_floating_point())
        {
            Action reduce = () => collectives.AllReduce(tensor, known);
            reduce.Should().Throw<NotSupportedException>().WithMessage("The mean of tensors of type Int64 over processes is not a Int64.*");
            return;
        }

        collectives.AllReduce(tensor, known);
        Compare([golden.Of(golden.Case, "tensor")!.Value], [tensor]);
    }

    // Objects of Python's are texts here.
    private static void Objects(GoldenRank golden, JsonElement own, string function, ICollectives collectives)
    {
        string[] all = function == "broadcast_object_list" ? [collectives.ShareText(own.GetRawText())] : collectives.GatherTexts(own.GetRawText());
        if (golden.Of(golden.Case, "objects") is { } expected)
        {
            string[] texts = function == "broadcast_object_list" ? [expected.GetRawText()] : [.. expected.EnumerateArray().Select(one => one.GetRawText())];
            all.Should().Equal(texts);
        }
    }

    private static void Compare(IEnumerable<JsonElement> expected, IReadOnlyList<Tensor> actual)
    {
        JsonElement[] all = [.. expected];
        actual.Should().HaveCount(all.Length);
        for (int i = 0; i < all.Length; i++)
        {
            actual[i].dtype.Should().Be(TypeOf(all[i]));
            Near.Values($"tensor {i}", all[i].GetProperty("values"), actual[i]);
        }
    }

    private static Tensor[] Tensors(IEnumerable<JsonElement> values) => [.. values.Select(value => Make(value))];

    private static Tensor Make(JsonElement value, string name = "values") =>
        tensor([.. value.GetProperty(name).EnumerateArray().Select(number => number.Number())]).to(TypeOf(value));

    private static ScalarType TypeOf(JsonElement value) => value.GetProperty("dtype").GetString() switch
    {
        "float32" => float32,
        "float64" => float64,
        "int64" => int64,
        string other => throw new InvalidDataException($"There is a new type, {other}."),
        null => throw new InvalidDataException("A tensor has no type."),
    };

    private static string Text(JsonElement args, string name) => args.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "sum";
}
