using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The weights of a module after each iteration.</summary>
internal sealed class WeightRows(nn.Module module)
{
    private readonly List<double[]> rows = [];

    public double[][] ToArray() => [.. rows];

    public void Add() =>
        rows.Add([.. module.parameters().SelectMany(parameter => parameter.detach().to(ScalarType.Float64).reshape(-1).data<double>().ToArray())]);
}
