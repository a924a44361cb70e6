using Compat.Torch.Serialization;
using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>Reads and writes the state and the settings of one kind of TorchSharp's optimizers by PyTorch's names.</summary>
internal interface IOptimizerLayout
{
    /// <summary>Gets the names of what is remembered of a parameter.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Gives a parameter's state. Tensors are copies on the CPU; fresh.</summary>
    PthDict Save(OptimizerState state);

    /// <summary>Changes a parameter's state; what is missing stays.</summary>
    void Load(OptimizerState state, Parameter parameter, PthDict entries);

    /// <summary>Gives a group's settings.</summary>
    PthDict Save(OptimizerOptions options);

    /// <summary>Changes a group's settings; what is missing stays.</summary>
    void Load(OptimizerOptions options, PthDict saved);

    /// <summary>Makes settings that are equal, but for the learning rate.</summary>
    OptimizerOptions Copy(OptimizerOptions options);
}
