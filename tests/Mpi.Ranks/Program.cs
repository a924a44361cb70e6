using System.Text.Json;
using Compat.Mpi.Ranks;
using Compat.Torch.Distributed;

// One rank of a test: runs the cases of a group and writes what went wrong, or null, by the case's name into FOLDER/RANK.json.
if (args is not [string group, string folder])
{
    Console.Error.WriteLine("Usage: mpirun -n N dotnet Compat.Mpi.Ranks.dll GROUP FOLDER");
    return 2;
}

ICollectives collectives = Dist.Init(Launcher.Mpi);
Dictionary<string, string?> outcomes = [];
foreach (RankCase one in Groups.Of(group, collectives))
{
    try
    {
        one.Run(collectives);
        outcomes[one.Name] = null;
    }
    catch (Exception exception) when (!group.StartsWith(Groups.Failing, StringComparison.Ordinal))
    {
        outcomes[one.Name] = exception.ToString();
    }

    File.WriteAllText(Path.Combine(folder, $"{collectives.Rank.Rank}.json"), JsonSerializer.Serialize(outcomes));
}

return group == Groups.Returning && collectives.Rank.Rank == 1 ? 3 : 0;
