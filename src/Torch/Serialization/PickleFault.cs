namespace Compat.Torch.Serialization;

/// <summary>Words for what is wrong with a pickle.</summary>
internal static class PickleFault
{
    /// <summary>Says that the pickle has something that <c>torch.save</c> never writes.</summary>
    public static PthException Of(string what) => new($"The file is damaged: its pickle has {what}. Copy it again, or take an older checkpoint.");
}
